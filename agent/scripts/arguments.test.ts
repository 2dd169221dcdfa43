import assert from "node:assert/strict";
import test from "node:test";
import type { ScriptArgument } from "@rackwright/contract";
import fc from "fast-check";
import { commandLine, fillFormat, runtimeOf } from "./arguments.ts";

const disk = { name: "sda", path: "/dev/disk/by-id/ata-X", model: "Model X 500", serial: "S1" };
const card = { name: "eth0", mac: "52:54:00:00:00:01", vendor: null, product: "X710" };
const storage = (format: string | null): ScriptArgument => ({ name: "storage", type: "storage", value: disk, format });

test("parameters without a format of their own are --name=value, devices by path and name", () => {
  assert.deepEqual(
    commandLine([
      storage(null),
      { name: "interface", type: "interface", value: card, format: null },
      { name: "runtime", type: "runtime", value: "300", format: null },
      { name: "note", type: "string", value: "two words", format: null },
      { name: "quick", type: "boolean", value: "true", format: null },
    ]),
    ["--storage=/dev/disk/by-id/ata-X", "--interface=eth0", "--runtime=300", "--note=two words", "--quick=true"],
  );
});

test("a format is split on blanks, and filled with what is known of the device", () => {
  assert.deepEqual(commandLine([storage("--name {name} --model {model}  -s {serial} {input}")]), [
    "--name",
    "sda",
    "--model",
    "Model X 500",
    "-s",
    "S1",
    "/dev/disk/by-id/ata-X",
  ]);
  assert.deepEqual(
    commandLine([{ name: "i", type: "interface", value: card, format: "-m={mac_address} {vendor}{product}" }]),
    ["-m=52:54:00:00:00:01", "X710"],
  );
  assert.deepEqual(commandLine([{ name: "more", type: "string", value: "-a  -b", format: "-- {input}" }]), [
    "--",
    "-a",
    "-b",
  ]);
});

test("a boolean whose format takes no value is a switch", () => {
  const flag = (value: string): string[] =>
    commandLine([{ name: "quick", type: "boolean", value, format: "--quick-erase" }]);
  assert.deepEqual([flag("true"), flag("false")], [["--quick-erase"], []]);
});

test("runtimes are seconds, or hours, minutes and seconds", () => {
  const runtime = (value: string): number | null =>
    runtimeOf([{ name: "runtime", type: "runtime", value, format: null }]);
  assert.deepEqual([runtime("90"), runtime("01:02:03"), runtime("soon")], [90, 3723, null]);
  assert.equal(runtimeOf([storage(null)]), null);
});

test("no value brings in a place of its own, and none is lost", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.deepEqual(fillFormat("--x={input}", { input: value, name: "other" }), [`--x=${value}`]);
    }),
  );
});

import assert from "node:assert/strict";
import test from "node:test";
import { twinLines } from "./commands/hardware.ts";
import { tagFields } from "./commands/tags.ts";

test("a tag's options are what the API takes, one definition at most", () => {
  assert.deepEqual(tagFields({}), {});
  assert.deepEqual(tagFields({ comment: "", xpath: "//a", kernelOptions: "quiet" }), {
    comment: "",
    kernel_options: "quiet",
    definition: "//a",
    definition_kind: "xpath",
  });
  assert.equal(tagFields({ filter: "cpu>=8" })["definition_kind"], "filter");
  assert.throws(() => tagFields({ filter: "a", xpath: "b" }), /both given/);
});

test("twins are shown by what differs", () => {
  const model = { vendor: "Dell", product: "R640", machines: 3 };
  const property = (name: string, majority: string | null, different: string[], left_off = 0) => ({
    property: name,
    majority,
    values: [],
    different: different.map((value, index) => ({ id: `abc12${index}`, hostname: `host-${index}`, value })),
    left_off,
  });
  assert.deepEqual(twinLines({ ...model, alike: true, properties: [property("memory", "64 GiB", [])] }), [
    "Dell R640: 3 machines, all alike",
  ]);
  const properties = [
    property("memory", "64 GiB", ["32 GiB"]),
    property("CPU model", "x", []),
    property("BIOS version", null, ["1", "2"], 1),
  ];
  assert.deepEqual(twinLines({ ...model, alike: false, properties }), [
    "Dell R640: 3 machines",
    "  memory: most have 64 GiB",
    "    abc120 host-0: 32 GiB",
    "  BIOS version: they differ",
    "    abc120 host-0: 1",
    "    abc121 host-1: 2",
    "    and 1 more",
  ]);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScriptParameter } from "@rackwright/contract";
import fc from "fast-check";
import { testCard, testDisk, testInventory } from "../storage/testing.ts";
import { fits, matchesHardware } from "./hardware.ts";
import { expand, valuesFor } from "./parameters.ts";

const bus = { address: "0", vendor: null, product: null, class: null, driver: null, serial: null, numa_node: null };
const inventory = testInventory({
  disks: [
    testDisk("sda", { model: "Fast", serial: "1", rotational: false, transport: "nvme" }),
    testDisk("sdb", { model: "Slow", serial: "2", rotational: true, transport: "sata" }),
    testDisk("sr0", { read_only: true }),
  ],
  interfaces: [testCard("eth0", "52:54:00:00:00:01", { vendor: "Intel" }), testCard("eth1", "52:54:00:00:00:02")],
  pci: [{ ...bus, vendor_id: "8086", product_id: "1521" }],
  modaliases: ["pci:v00008086d00001521sv0000sd0000bc02sc00i00"],
  usb: [{ ...bus, vendor_id: "0x046D", product_id: "0xC31C" }],
});
const declare = (type: ScriptParameter["type"], more: Partial<ScriptParameter> = {}) => ({
  name: "s",
  parameters: { p: { type, required: true, ...more } },
});

describe("parameters", () => {
  for (const [value, names] of [
    ["all", ["sda", "sdb"]],
    ["sdb", ["sdb"]],
    ["/dev/sda, 2", ["sda", "sdb"]],
    ["Fast:1", ["sda"]],
    ["rotary", ["sdb"]],
    ["ssd", ["sda"]],
    ["sata", ["sdb"]],
    ["sr0", []],
  ] as const)
    it(`find disks by ${value}`, () => {
      const runs = expand(declare("storage").parameters, { p: value }, inventory);
      assert.deepEqual(
        runs?.map(({ device }) => device),
        names,
      );
    });

  for (const [value, names] of [
    ["all", ["eth0", "eth1"]],
    ["52:54:00:00:00:02", ["eth1"]],
    ["Intel", ["eth0"]],
    ["eth9", []],
  ] as const)
    it(`find network cards by ${value}`, () => {
      const runs = expand(declare("interface").parameters, { p: value }, inventory);
      assert.deepEqual(
        runs?.map(({ device }) => device),
        names,
      );
    });

  it("that name devices wait for the inventory", () => {
    assert.equal(expand(declare("storage").parameters, { p: "all" }, null), null);
  });

  for (const [declared, value, refusal] of [
    [declare("url"), "https://example.com/x", null],
    [declare("url"), "https://a.example,https://b.example x", /must be an address/],
    [declare("url", { allow_list: true }), "https://a.example, http://10.0.0.1", null],
    [declare("url", { allow_list: true }), "https://a.example,javascript:alert(1)", /several with commas/],
    [declare("runtime", { min: 60, max: 120 }), "00:02:00", null],
    [declare("runtime", { min: 60, max: 120 }), 121, /at least 60 and at most 120 seconds/],
    [declare("runtime"), "1:99", /HH:MM:SS/],
    [declare("string", { max: 3 }), "four", /at most 3 characters/],
    [declare("boolean"), "yes", null],
    [declare("boolean"), "maybe", /true or false/],
    [declare("choice", { choices: ["a", "b"] }), "c", /must be one of a, b/],
    [declare("string"), "", /is required/],
  ] as const)
    it(`of type ${declared.parameters.p.type} ${refusal === null ? "take" : "refuse"} ${String(value).slice(0, 30)}`, () => {
      if (refusal === null) assert.ok(valuesFor(declared, { p: value }, inventory)["p"]);
      else assert.throws(() => valuesFor(declared, { p: value }, inventory), refusal);
    });

  it("are arguments in the order of the header", () => {
    const parameters = { zz: { type: "string", required: true }, a: { type: "string", required: true } } as const;
    const [run] = expand(parameters, { a: "1", zz: "2" }, null) ?? [];
    assert.deepEqual(
      run?.arguments.map(({ name }) => name),
      ["zz", "a"],
    );
  });
});

describe("hardware a script is for", () => {
  const acme = { ...inventory, dmi: { ...inventory.dmi, system_vendor: "Acme Inc.", board_product: "B1" } };
  for (const [wanted, found] of [
    ["pci:8086:1521", true],
    ["pci:8086:1522", false],
    ["usb:046d:c31c", true],
    ["system_vendor:acme*", true],
    ["system_vendor:Acme", false],
    ["mainboard_product:B?", true],
    ["mainboard_vendor:*", false],
    ["modalias:pci:v00008086d00001521*", true],
    ["modalias:pci:v00008086d*", true],
    ["modalias:pci:v0000DEADd*", false],
  ] as const)
    it(`${wanted} is ${found ? "" : "not "}there`, () => assert.equal(matchesHardware([wanted], acme), found));

  it("is matched by patterns as a regular expression would, in bounded time", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const plain = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(letters, plain, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        assert.equal(fits(pattern, text), expression.test(text));
      }),
      { numRuns: 2000 },
    );
    assert.equal(fits(`${"*a".repeat(140)}b`, "a".repeat(5000)), false);
  });
});

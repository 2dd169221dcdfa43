import assert from "node:assert/strict";
import test from "node:test";
import { catalogue } from "@rackwright/contract";
import { fleetFaultNames, fleetFaults } from "./faults.ts";

test("every fault is explained by causes the catalogue knows", () => {
  const known = new Set<string>(catalogue.map(({ code }) => code));
  for (const name of fleetFaultNames)
    for (const cause of fleetFaults[name].causes) assert.ok(known.has(cause), `${name}: ${cause}`);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LabRequestError } from "./errors.ts";
import { parseLabOptions } from "./options.ts";

const good = { name: "demo", stateDirectory: "/tmp/demo", machines: 2 };

function refuses(change: Record<string, unknown>, expected: RegExp): void {
  assert.throws(
    () => parseLabOptions({ ...good, ...change }),
    (error) => error instanceof LabRequestError && expected.test(error.message),
  );
}

describe("options of a lab", () => {
  it("have defaults", () => {
    const settings = parseLabOptions(good);
    assert.equal(settings.firmware, "bios");
    assert.equal(settings.memoryMiB, 1024);
    assert.equal(settings.diskGiB, 8);
    assert.equal(settings.subnet, "10.77.0.0/24");
  });

  it("are refused with field, value and what is allowed", () => {
    refuses({ name: "Demo" }, /name "Demo": must be 1 to 31 of a-z/);
    refuses({ name: "a.b" }, /name "a\.b"/);
    refuses({ stateDirectory: "here" }, /stateDirectory "here": must be an absolute path/);
    refuses({ machines: 0 }, /machines 0: .*>=1/);
    refuses({ firmware: ["bios", "coreboot"] }, /firmware/);
    refuses({ firmware: ["bios"] }, /firmware lists 1 values for 2 machines/);
    refuses({ subnet: "10.0.0.0" }, /subnet "10\.0\.0\.0": must be an IPv4 network/);
    refuses({ subnet: "10.77.0.0/16" }, /bmcSubnet 10\.77\.1\.0\/24 overlaps subnet 10\.77\.0\.0\/16/);
    refuses({ bmcSubnet: "10.78.0.0/28" }, /bmcSubnet 10\.78\.0\.0\/28 has 16 addresses; 2 machines need at least 22/);
    refuses({ memory: 1024 }, /memory/);
  });

  it("never repeat a password", () => {
    refuses({ bmcPassword: "too long for a BMC of IPMI 1.5" }, /^bmcPassword: must be/);
  });
});

import assert from "node:assert/strict";
import test from "node:test";
import { IpmiError } from "@rackwright/ipmi";
import type { IpmiClient, IpmiSession, SessionOptions } from "@rackwright/ipmi";
import { createIpmiDriver } from "./ipmi.ts";
import { PowerError } from "./errors.ts";

/** A client of a BMC that lets only administrators choose the boot device, as some do; `admits` says who gets in. */
function strictBmc(admits: readonly SessionOptions["privilege"][]) {
  const used: string[] = [];
  const session = (privilege: string): IpmiSession => ({
    chassisStatus: async () => ({ powered: false, overload: false, fault: false, restorePolicy: "off" }),
    chassisControl: async (action) => {
      used.push(`${privilege} ${action}`);
      return { answered: true };
    },
    setBootDevice: async () => {
      if (privilege !== "administrator")
        throw new IpmiError("privilege-refused", "D4", "Use more.", { completion: 0xd4 });
    },
    getBootDevice: async () => ({ device: "none", efi: true, persistent: false, valid: false }),
    deviceId: () => Promise.reject(new Error("not asked")),
    raw: () => Promise.reject(new Error("not asked")),
  });
  const client: IpmiClient = {
    async withSession({ privilege }, use) {
      if (!admits.includes(privilege)) throw new IpmiError("privilege-refused", "not admitted", "Ask for less.");
      return use(session(privilege));
    },
  };
  return { used, driver: createIpmiDriver({ client, resolve: async (host) => host, waits: [0] }) };
}

test("a command that needs an administrator gets one, with a warning", async () => {
  const { used, driver } = strictBmc(["operator", "administrator"]);
  const target = await driver.target({ power_address: "192.0.2.1" });
  await target.on("pxe");
  assert.deepEqual(used, ["administrator on"]);
  assert.match(target.warnings.join(), /ADMIN was used/);
});

test("a user who is no administrator gets the first refusal", async () => {
  const { used, driver } = strictBmc(["operator"]);
  const target = await driver.target({ power_address: "192.0.2.1" });
  await assert.rejects(
    target.on("pxe"),
    (error: unknown) => error instanceof PowerError && error.code === "bmc-auth" && error.message === "D4",
  );
  assert.deepEqual(used, []);
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import type { TestContext } from "node:test";
import { createFakeChassis } from "../simulation/chassis.ts";
import { ipmitool } from "../simulation/ipmitool.ts";
import { inNamespace } from "../simulation/namespace.ts";
import { GUID } from "../simulation/scene.ts";
import { serveBmc } from "../simulation/sockets.ts";
import { createBmc } from "./bmc.ts";

const LOGIN = { user: "admin", password: "secret" };

async function scene(t: TestContext) {
  const chassis = createFakeChassis();
  const lan = { address: "127.0.0.1", netmask: "255.255.255.0", gateway: "127.0.0.254", mac: "52:54:00:01:02:03" };
  const bmc = createBmc({
    chassis,
    lan,
    guid: GUID,
    random: (count) => randomBytes(count),
    now: () => Date.now(),
    users: [{ id: 2, name: "admin", password: "secret", enabled: true, privilege: "administrator" }],
  });
  const { stop } = await serveBmc(bmc, "127.0.0.1");
  t.after(stop);
  return { chassis, lan, bmc };
}

inNamespace(import.meta.filename, () => {
  for (const suite of [3, 17]) {
    test(`ipmitool, suite ${suite}: power`, async (t) => {
      const { chassis } = await scene(t);
      const power = async (verb: string): Promise<string> =>
        (await ipmitool({ ...LOGIN, suite }, "power", verb)).out.trim();
      assert.equal(await power("status"), "Chassis Power is off");
      assert.equal(await power("on"), "Chassis Power Control: Up/On");
      assert.equal(await power("status"), "Chassis Power is on");
      assert.equal(await power("cycle"), "Chassis Power Control: Cycle");
      assert.equal(await power("reset"), "Chassis Power Control: Reset");
      assert.equal(await power("soft"), "Chassis Power Control: Soft");
      assert.equal(await power("status"), "Chassis Power is off");
      assert.deepEqual(chassis.done, ["on", "cycle", "reset", "soft"]);
    });

    test(`ipmitool, suite ${suite}: boot device`, async (t) => {
      const { bmc } = await scene(t);
      const set = await ipmitool({ ...LOGIN, suite }, "chassis", "bootdev", "pxe", "options=efiboot");
      assert.equal(set.out.trim(), "Set Boot Device to pxe", set.err);
      const shown = await ipmitool({ ...LOGIN, suite }, "chassis", "bootparam", "get", "5");
      assert.match(shown.out, /BIOS EFI boot[\s\S]*Force PXE/);
      assert.deepEqual(bmc.consumeBootDevice(), { device: "pxe", efi: true, persistent: false, valid: true });
      await ipmitool({ ...LOGIN, suite }, "chassis", "bootdev", "disk", "options=persistent");
      assert.deepEqual(bmc.bootDevice(), { device: "disk", efi: false, persistent: true, valid: true });
    });

    test(`ipmitool, suite ${suite}: a user is made and logs in`, async (t) => {
      const { bmc } = await scene(t);
      const as = (...command: string[]) => ipmitool({ ...LOGIN, suite }, ...command);
      for (const command of [
        "user set name 3 maas",
        "user set password 3 pw12345678901234567 20",
        "user enable 3",
        "channel setaccess 1 3 callin=on ipmi=on link=on privilege=3",
      ]) {
        const { code, err } = await as(...command.split(" "));
        assert.equal(code, 0, `${command}: ${err}`);
      }
      assert.match((await as("user", "list", "1")).out, /^3 +maas +true +false +true +OPERATOR$/m);
      assert.match((await as("user", "test", "3", "20", "pw12345678901234567")).out, /Success/);
      assert.equal(bmc.users[2]?.password, "pw12345678901234567");
      const maas = { suite, user: "maas", password: "pw12345678901234567", level: "OPERATOR" };
      assert.match((await ipmitool(maas, "power", "status")).out, /Chassis Power is off/);
      assert.notEqual((await ipmitool({ ...maas, password: "other" }, "power", "status")).code, 0);
      assert.notEqual((await ipmitool({ ...maas, level: "ADMINISTRATOR" }, "power", "status")).code, 0);
      await as("user", "disable", "3");
      assert.notEqual((await ipmitool(maas, "power", "status")).code, 0);
    });

    test(`ipmitool, suite ${suite}: what the BMC tells of itself`, async (t) => {
      const { lan } = await scene(t);
      const tell = async (...command: string[]): Promise<string> => {
        const { out, err } = await ipmitool({ ...LOGIN, suite }, ...command);
        return out + err;
      };
      const print = await tell("lan", "print", "1");
      assert.match(
        print,
        /IP Address +: 127\.0\.0\.1\n[\s\S]*MAC Address +: 52:54:00:01:02:03\n[\s\S]*Default Gateway IP +: 127\.0\.0\.254\n/,
      );
      assert.match(print, /RMCP\+ Cipher Suites +: 3,17\n/);
      assert.match(await tell("mc", "info"), /IPMI Version +: 2\.0\n/);
      assert.match(await tell("mc", "guid"), /System GUID/);
      assert.match(await tell("channel", "getciphers", "ipmi", "1"), /hmac_sha1_96[\s\S]*sha256_128/);
      assert.match(await tell("sdr", "elist", "all"), /BMC/);
      assert.match(await tell("sel", "list"), /no entries/);
      assert.match(await tell("fru", "print"), /not present/);
      await tell("lan", "set", "1", "ipaddr", "10.9.8.7");
      assert.equal(lan.address, "10.9.8.7");
    });
  }

  test("ipmitool, suite 0, is refused", async (t) => {
    await scene(t);
    const { code, err } = await ipmitool({ ...LOGIN, suite: 0 }, "power", "status");
    assert.notEqual(code, 0);
    assert.match(err, /no matching cipher suite/);
  });
});

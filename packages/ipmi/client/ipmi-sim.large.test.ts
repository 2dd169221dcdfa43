import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { inNamespace } from "../simulation/namespace.ts";
import { realClient } from "../simulation/sockets.ts";
import { IpmiError } from "./errors.ts";
import type { SessionOptions } from "./options.ts";

const LOGIN: SessionOptions = {
  address: "127.0.0.1",
  username: "ipmiusr",
  password: "test",
  cipherSuite: 3,
  privilege: "administrator",
};

const lanConfiguration = (control: string): string => `
name "simulated"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 623
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${control}"
  user 2 true "ipmiusr" "test" admin 10 none md2 md5 straight
`;

const EMULATOR =
  "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n";

/** Keeps each value in a file of its name. */
const CONTROL = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
verb=$1; shift
case $verb in
  get) for name in "$@"; do printf '%s:%s\\n' "$name" "$(cat "value-$name" 2>/dev/null || echo 0)"; done ;;
  set) while [ $# -gt 1 ]; do echo "$2" > "value-$1"; shift 2; done ;;
esac
`;

/** Starts ipmi_sim and waits until it answers. */
async function simulator(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "rw-ipmi-sim-"));
  const control = join(folder, "control");
  await writeFile(join(folder, "lan.conf"), lanConfiguration(control));
  await writeFile(join(folder, "sim.emu"), EMULATOR);
  await writeFile(control, CONTROL);
  await writeFile(join(folder, "value-boot"), "none\n");
  await chmod(control, 0o755);
  const files = ["-c", join(folder, "lan.conf"), "-f", join(folder, "sim.emu"), "-s", join(folder, "state"), "-n"];
  const child = spawn("ipmi_sim", files, { stdio: ["pipe", "ignore", "ignore"] });
  const { client, stop } = await realClient();
  t.after(async () => {
    stop();
    child.kill();
    await rm(folder, { recursive: true });
  });
  await client.withSession({ ...LOGIN, deadline: 15_000 }, (session) => session.deviceId());
  return { client, value: async (name: string) => (await readFile(join(folder, `value-${name}`), "utf8")).trim() };
}

inNamespace(import.meta.filename, () => {
  test("ipmi_sim, suite 3: power, boot device, identity", async (t) => {
    const { client, value } = await simulator(t);
    await client.withSession(LOGIN, async (session) => {
      assert.equal((await session.deviceId()).ipmiVersion, "2.0");
      assert.equal((await session.chassisStatus()).powered, false);
      assert.deepEqual(await session.chassisControl("on"), { answered: true });
      assert.equal((await session.chassisStatus()).powered, true);
      await session.setBootDevice({ device: "pxe", efi: false, persistent: false });
      assert.equal((await session.getBootDevice()).device, "pxe");
      await session.chassisControl("off");
      assert.equal((await session.chassisStatus()).powered, false);
    });
    assert.equal(await value("boot"), "pxe");
    assert.equal(await value("power"), "0");
  });

  test("ipmi_sim: forty sessions one after the other leave none behind", async (t) => {
    const { client } = await simulator(t);
    for (let round = 0; round < 40; round += 1) await client.withSession(LOGIN, (session) => session.chassisStatus());
  });

  const refusals: readonly [Partial<SessionOptions>, string][] = [
    [{ password: "wrong" }, "wrong-password"],
    [{ username: "nobody" }, "wrong-user"],
    [{ kg: Uint8Array.of(1, 2, 3) }, "wrong-kg"],
    [{ cipherSuite: 17 }, "suite-refused"],
  ];
  for (const [change, code] of refusals) {
    test(`ipmi_sim: ${code}`, async (t) => {
      const { client } = await simulator(t);
      const attempt = client.withSession({ ...LOGIN, ...change, deadline: 5000 }, (session) => session.chassisStatus());
      await assert.rejects(attempt, (error: unknown) => {
        assert.ok(error instanceof IpmiError);
        assert.equal(error.code, code, `${error.message}\n${error.evidence.join("\n")}`);
        return true;
      });
    });
  }
});

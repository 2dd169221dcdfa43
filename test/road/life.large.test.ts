import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { makeSshKey, runProgram, sshArgv } from "@rackwright/cli";
import { machine, sshKey } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import type { LabMachine } from "@rackwright/lab";
import { z } from "zod";
import { fillDisk, readDisk } from "./disk.ts";
import { assertWhole, inspection } from "./inspect.ts";
import { openSite } from "./site.ts";

/** Seconds for any one boot, on a host that does other things as well. */
const patience = 600;
const untouched = { beginning: "old", middle: "old", end: "old" };

test(
  "one machine is tested, deployed to memory and started again; another is rescued and erased",
  { timeout: 1_800_000 },
  async (context) => {
    await using site = await openSite({ name: "life", firmware: "bios", machines: 2, port: 15251 });
    const { client } = site.controllers;
    const key = await makeSshKey(join(site.state, "key"));
    const stranger = await makeSshKey(join(site.state, "stranger"));
    await client.send("POST", "/api/v1/ssh-keys", { key: key.publicText }, sshKey);
    const began = performance.now();
    const told = (what: string): void =>
      context.diagnostic(`${((performance.now() - began) / 1000).toFixed(0)} s: ${what}`);

    const of = async (lab: LabMachine): Promise<Machine | undefined> =>
      (await site.machines()).find((row) => row.boot_mac === lab.mac || row.macs.includes(lab.mac));
    const reach = (lab: LabMachine, status: Machine["status"]): Promise<Machine> =>
      site
        .until(`${lab.name} ${status}`, patience, async () => {
          const row = await of(lab);
          // What failed stays so: there is nothing to wait for.
          return row?.status === status || row?.status.startsWith("failed") === true ? row : undefined;
        })
        .then((row) => {
          assert.equal(row.status, status, `${lab.name}: ${JSON.stringify(row.failure)}`);
          told(`${lab.name} ${status}`);
          return row;
        });
    const ask = (id: string, action: string, body: object = {}): Promise<unknown> =>
      client.send("POST", `/api/v1/machines/${id}/${action}`, body, z.unknown());
    /** What a command said over ssh, once somebody can log in to the machine; `mark` must be in it. */
    const login = (lab: LabMachine, mark: RegExp, command: string): Promise<string> =>
      site.until(`${lab.name}: ssh login with ${mark.source}`, patience, async () => {
        for (const address of (await of(lab))?.addresses ?? []) {
          const ended = await runProgram(sshArgv(site.lab.namespace, key, "debian", address, command), 60);
          if (ended.status === 0 && mark.test(ended.output)) return ended.output;
        }
        return undefined;
      });
    const look =
      "findmnt -n -o FSTYPE /; cat /etc/hostname; lsblk -dne 7 -o NAME,SIZE; sudo -n id -u; cat /proc/cmdline";

    const inMemory = async (lab: LabMachine): Promise<void> => {
      const { id, hostname } = await reach(lab, "ready");
      await ask(id, "deploy", { ephemeral: true });
      const deployed = await reach(lab, "deployed");
      assert.equal(deployed.ephemeral, true);
      const seen = await login(lab, /overlay/, `${look}; systemctl --failed --no-legend | wc -l`);
      assert.match(seen, new RegExp(`^overlay\\n${hostname}\\n`));
      assert.match(seen, /\n0\n$/, "no unit failed");
      told("logged in to the system in memory");
      const boots = async (): Promise<number> => {
        const decided = await site.events(`machine=${id}&type=boot.decided&limit=50`);
        return decided.filter(({ data }) => data["purpose"] === "memory").length;
      };
      const before = await boots();
      await site.ipmitool(lab.name, "chassis", "power", "reset");
      await site.until("it boots from memory again", patience, async () =>
        (await boots()) > before ? true : undefined,
      );
      told("boots from memory again");
      await ask(id, "release");
      await reach(lab, "ready");
      for (const disk of lab.disks) assert.deepEqual(await readDisk(disk.path), untouched);
    };

    const erased = async (lab: LabMachine): Promise<void> => {
      const { id, hostname } = await reach(lab, "ready");
      await ask(id, "rescue_mode");
      const { addresses } = await reach(lab, "rescue mode");
      const seen = await login(lab, /overlay/, look);
      assert.match(seen, new RegExp(`^overlay\\n${hostname}\\nvda +8G\\n0\\n`));
      assertWhole(await login(lab, /failed units/, inspection));
      assert.match(await readFile(lab.consoleLog, "utf8"), /rackwright: fetching root image \d+%/);
      const refused = await runProgram(sshArgv(site.lab.namespace, stranger, "debian", addresses[0] ?? "", "id"), 60);
      assert.match(refused.error, /Permission denied \(publickey\)/);
      told("logged in to rescue mode");
      await ask(id, "exit_rescue_mode");
      await reach(lab, "ready");
      for (const disk of lab.disks) assert.deepEqual(await readDisk(disk.path), untouched);
      await client.send("POST", "/api/v1/machines/allocate", { id }, machine);
      await ask(id, "release", { quick_erase: true });
      await reach(lab, "ready");
      for (const disk of lab.disks) {
        assert.deepEqual(await readDisk(disk.path), { beginning: "zero", middle: "old", end: "zero" });
      }
    };

    const [first, second] = site.lab.machines;
    assert.ok(first && second);
    const plug = async (lab: LabMachine, testing_scripts: string[] | "none"): Promise<void> => {
      for (const disk of lab.disks) await fillDisk(disk.path);
      const { address, user, password } = lab.bmc;
      const power_parameters = { power_address: address, power_user: user, power_pass: password };
      const known = { hostname: lab.name, macs: [lab.mac], power_driver: "ipmi", power_parameters };
      const { id } = await client.send("POST", "/api/v1/machines", known, machine);
      await ask(id, "commission", { commissioning_scripts: "none", testing_scripts });
    };
    await Promise.all([plug(first, ["rack-controller-connectivity", "smartctl-validate"]), plug(second, "none")]);
    await Promise.all([inMemory(first), erased(second)]);
    const passed = await site.events("type=machine.status&limit=100&order=asc");
    assert.ok(
      passed.some(({ data }) => data["from"] === "testing" && data["to"] === "ready"),
      "tests ran in the boot of the commissioning",
    );
    const finished = await site.events("type=machine.failed&limit=50");
    assert.deepEqual(finished, [], "nothing failed on the way");
  },
);

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { makeSshKey, runProgram, sshArgv } from "@rackwright/cli";
import { machine, sshKey } from "@rackwright/contract";
import { z } from "zod";
import { checkConfigured, configure, look } from "./configured.ts";
import { openSite } from "./site.ts";

test(
  "kill -9 of region, rack and PostgreSQL in the midst of a UEFI machine's deploy: it goes on, onto disk and network as configured",
  { timeout: 1_800_000 },
  async () => {
    await using site = await openSite({ name: "kill", firmware: "uefi", machines: 1, port: 15250 });
    const { client } = site.controllers;
    const [lab] = site.lab.machines;
    assert.ok(lab);
    const key = await makeSshKey(join(site.state, "key"));
    await client.send("POST", "/api/v1/ssh-keys", { key: key.publicText }, sshKey);
    await site.ipmitool(lab.name, "chassis", "power", "on");

    const ready = await site.until("enlisted and ready", 600, async () =>
      (await site.machines()).find((row) => row.status === "ready"),
    );
    const configured = await configure(client, ready.id);
    await client.send("POST", "/api/v1/machines/allocate", { id: ready.id }, machine);
    await client.send("POST", `/api/v1/machines/${ready.id}/deploy`, {}, z.unknown());
    // At once: the power job and the status were one transaction, so whoever comes back finds the job.
    await site.kill("region");

    const step = (name: string) => async (): Promise<true | undefined> =>
      (await site.events(`machine=${ready.id}&type=agent.step&order=desc&limit=50`)).some(
        (row) => row.data["step"] === name,
      )
        ? true
        : undefined;
    await site.until("the agent prepares storage", 400, step("storage"));
    await site.kill("rack");
    await site.until("the agent unpacks", 300, step("unpack"));
    await site.kill("postgres");
    await site.kill("region");

    const deployed = await site.until("deployed", 600, async () =>
      (await site.machines()).find((row) => row.status === "deployed"),
    );
    assert.equal(deployed.failure, null);
    assert.equal(deployed.image, "debian-12");
    const finished = await site.events(`machine=${ready.id}&type=agent.finished&order=asc&limit=50`);
    assert.equal(finished.length, 3, "commissioning, its tests and installing each finished once");
    assert.ok(deployed.addresses.includes(configured.address), deployed.addresses.join(", "));
    const seen = await site.until("ssh login", 300, async () => {
      const argv = sshArgv(site.lab.namespace, key, "debian", configured.address, look);
      const ended = await runProgram(argv, 60);
      return ended.status === 0 ? ended.output : undefined;
    });
    checkConfigured(seen, configured);
  },
);

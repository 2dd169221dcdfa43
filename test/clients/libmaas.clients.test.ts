import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { noLog, startRegion } from "@rackwright/region";
import { apiClient } from "@rackwright/cli";
import { z } from "zod";
import { openSite } from "../road/site.ts";
import { runScript } from "./python.ts";

const made = z.looseObject({ key: z.string() });

/** An administrator's API key. */
async function keyOf(client: ReturnType<typeof apiClient>): Promise<string> {
  const body = { username: "alice", password: "correct horse battery", administrator: true };
  await client.send("POST", "/api/v1/users", body, z.looseObject({}));
  return (await client.send("POST", "/api/v1/users/alice/tokens", { name: "libmaas" }, made)).key;
}

test("python-libmaas makes, reads, changes and deletes every noun it knows", { timeout: 300_000 }, async () => {
  const state = await mkdtemp(join(tmpdir(), "rackwright-libmaas-"));
  await chmod(state, 0o711);
  const region = await startRegion({
    state,
    images: join(state, "images"),
    port: 0,
    listen: "127.0.0.1",
    agent: "",
    log: noLog,
  });
  try {
    const key = await keyOf(apiClient({ socket: region.adminSocket }));
    const seen = await runScript("libmaas_nouns.py", [`http://127.0.0.1:${region.port}/MAAS/`, key]);
    assert.deepEqual(
      { whoami: seen["whoami"], capabilities: seen["capabilities"], zone: seen["zone"], pool: seen["pool"] },
      { whoami: "alice", capabilities: true, zone: ["second", ["default", "lab-1"]], pool: "crew" },
    );
    assert.deepEqual(seen["subnet"], ["192.0.2.0/24", "192.0.2.1", 20, "dmz"]);
    assert.deepEqual(seen["interfaces"], ["br0", "eth7"]);
    assert.deepEqual([seen["gone"], seen["renamed"], seen["left"]], [404, "our site", ["default"]]);
  } finally {
    await region.stop();
    await rm(state, { recursive: true, force: true });
  }
});

test("python-libmaas allocates, deploys and releases a virtual machine", { timeout: 1_500_000 }, async (context) => {
  await using site = await openSite({ name: "libmaas", firmware: "bios", machines: 1, port: 15253 });
  await site.lab.machines[0]?.power("on");
  const { hostname } = await site.until("the machine is ready", 600, async () =>
    (await site.machines()).find(({ status }) => status === "ready"),
  );
  const key = await keyOf(site.controllers.client);
  const seen = await runScript("libmaas_life.py", ["http://127.0.0.1:15253/MAAS/", key, hostname], (line) =>
    context.diagnostic(line),
  );
  assert.deepEqual(
    { status: seen["status"], allocated: seen["allocated"], owner: seen["owner"], deployed: seen["deployed"] },
    { status: "READY", allocated: "ALLOCATED", owner: "alice", deployed: "DEPLOYED" },
  );
  assert.equal(seen["osystem"], "debian");
  assert.deepEqual([seen["released"], seen["ready"]], ["READY", true]);
});

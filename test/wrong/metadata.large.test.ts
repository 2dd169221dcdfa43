import assert from "node:assert/strict";
import test from "node:test";
import { machineDetail } from "@rackwright/contract";
import type { MachineDetail } from "@rackwright/contract";
import { z } from "zod";
import { openIncident } from "./incident.ts";

const macs = ["02:00:5e:00:06:01", "02:00:5e:00:06:02"] as const;
const preseed = z.object({
  datasource: z.object({
    MAAS: z.object({ consumer_key: z.string(), token_key: z.string(), token_secret: z.string() }),
  }),
});
type Keys = z.infer<typeof preseed>["datasource"]["MAAS"];

const oauth = ({ consumer_key, token_key, token_secret }: Keys): string =>
  `Authorization: OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer_key}", ` +
  `oauth_token="${token_key}", oauth_signature="%26${token_secret}", oauth_nonce="1", oauth_timestamp="1"`;

await test("a machine asks for what is another's", { timeout: 60_000 }, async (t) => {
  await using incident = await openIncident({ name: "metadata", port: 15266 });
  const { site, http } = incident;
  const { client } = site.controllers;
  const commission = async (mac: string): Promise<MachineDetail> => {
    const made = await client.send("POST", "/api/v1/machines", { macs: [mac] }, machineDetail);
    return client.send("POST", `/api/v1/machines/${made.id}/commission`, {}, machineDetail);
  };
  const [one, other] = [await commission(macs[0]), await commission(macs[1])];
  assert.equal(one.status, "commissioning");
  const [first, second] = [await incident.plug("one", macs[0]), await incident.plug("other", macs[1])];
  const visitor = await incident.plug("visitor", "02:00:5e:00:06:03", "10.77.0.20");
  assert.ok(await first.lease());
  const victim = (await second.lease())?.["ip"];
  assert.ok(victim);
  const preseedOf = ({ id }: MachineDetail): string => `${http}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`;
  const keysOf = (body: string): Keys =>
    preseed.parse(JSON.parse(body.replace(/^#cloud-config\n/, ""))).datasource.MAAS;
  const keys: Keys[] = [];

  await t.test("each gets its own preseed, from its own address", async () => {
    for (const [station, machine] of [
      [first, one],
      [second, other],
    ] as const) {
      const { status, body } = await station.get(preseedOf(machine));
      assert.equal(status, 200, body);
      keys.push(keysOf(body));
    }
    assert.notEqual(keys[0]?.token_secret, keys[1]?.token_secret);
  });

  await t.test(
    "the other's preseed is refused from this one's address, and a forged header does not help",
    async () => {
      const names = [`X-Forwarded-For: ${victim}`, `Forwarded: for=${victim}`, `X-Real-IP: ${victim}`];
      const forged = names.flatMap((name) => ["-H", name]);
      for (const more of [[], forged, ["-H", "Connection: X-Forwarded-For"], ["-H", "X-Rackwright-Rack: rack:1:00"]]) {
        const { status, body } = await first.get(preseedOf(other), ...more);
        assert.equal(status, 403, body);
        assert.match(
          body,
          /^Only the machine itself may ask for this, from the address its network card has a lease for\./,
        );
        assert.ok(!body.includes("token"));
      }
      const told = await incident.event(
        "metadata.denied",
        "the refusal is in the stream",
        (event) => event.machine_id === other.id,
      );
      assert.equal(told.level, "warning");
      assert.equal(told.mac, macs[0]);
      assert.match(
        told.message,
        new RegExp(`preseed was refused to 10\\.77\\.0\\.1\\d\\d, which ${macs[0]} has a lease for`),
      );
    },
  );

  await t.test("an address nobody has a lease for gets nothing", async () => {
    const { status, body } = await visitor.get(preseedOf(one));
    assert.equal(status, 403, body);
    const told = await incident.event(
      "metadata.denied",
      "the refusal is in the stream",
      (event) => event.machine_id === one.id,
    );
    assert.match(told.message, /refused to 10\.77\.0\.20, which no network card has a lease for/);
    const form = ["-X", "POST", "-d", "op=netboot_off"];
    assert.equal((await visitor.get(`${http}/MAAS/metadata/latest/by-id/${one.id}/`, ...form)).status, 403);
  });

  await t.test("credentials open their own machine only, and wrong ones nothing", async () => {
    const [mine] = keys;
    assert.ok(mine);
    const header = ["-H", oauth(mine)];
    assert.match(
      (await first.get(`${http}/MAAS/metadata/latest/meta-data/instance-id`, ...header)).body,
      new RegExp(one.id),
    );
    const task = await first.get(`${http}/agent/v1/task`, ...header);
    assert.equal(z.object({ system_id: z.string() }).parse(JSON.parse(task.body)).system_id, one.id);
    const status = [
      "-X",
      "POST",
      "-d",
      '{"name":"x","description":"x","event_type":"start","origin":"cloudinit","timestamp":1}',
    ];
    const foreign = await first.get(`${http}/MAAS/metadata/status/${other.id}`, ...header, ...status);
    assert.equal(foreign.status, 403);
    assert.match(foreign.body, /A machine can only report its own status/);
    const wrong = ["-H", oauth({ ...mine, token_secret: `${mine.token_secret}x` })];
    for (const path of [
      "MAAS/metadata/latest/meta-data/instance-id",
      "MAAS/metadata/latest/user-data",
      "agent/v1/task",
    ]) {
      assert.equal((await first.get(`${http}/${path}`, ...wrong)).status, 401, path);
      assert.equal((await first.get(`${http}/${path}`)).status, 401, path);
    }
  });

  await t.test("the rack forwards machines' requests and nothing else", async () => {
    const doors = [
      "api/v1/status",
      "api/v1/machines",
      "api/v1/racks",
      "rack/v1/link",
      "rack/v1/images/x",
      "",
      "index.html",
    ];
    const tricks = doors.flatMap((door) => [
      door,
      `MAAS//${door}`,
      `agent;/${door}`,
      `MAAS/metadata/%2e%2e/%2e%2e/${door}`,
    ]);
    for (const path of tricks) {
      const { status, body } = await visitor.get(`${http}/${path}`, "--path-as-is");
      assert.ok([400, 401, 403, 404].includes(status), `${path}: ${status} ${body}`);
      assert.ok(!/"version"|"items"|<!doctype html>/i.test(body), `${path}: ${body}`);
    }
    // The socket racks come by is not the administrator's: without a key it opens nothing.
    const socket = ["--unix-socket", `${site.state}/region/region.sock`];
    assert.match((await visitor.get("http://region/api/v1/machines", ...socket)).body, /"status":401/);
  });

  await t.test("no secret of theirs is in the event stream or in a log", async () => {
    const told = JSON.stringify(await incident.allEvents()) + (await incident.logs());
    for (const { token_secret } of keys) assert.ok(!told.includes(token_secret));
    await incident.sameProcesses();
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { Database } from "../database/pool.ts";
import { addLease, addMachine, machineFace, signed, testBundle } from "./testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const clock = { now: () => start };
const base = "/MAAS/metadata";

describe("metadata service", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  let owner: number;
  before(async () => {
    face = await machineFace(clock);
    db = face.db;
    const user = await db
      .insertInto("users")
      .values({ username: "ada", password_hash: "x" })
      .returning("id")
      .executeTakeFirstOrThrow();
    owner = user.id;
    for (const key of ["ssh-ed25519 AAAA ada@one", "ssh-ed25519 BBBB ada@two"]) {
      await db.insertInto("ssh_keys").values({ user_id: owner, key }).execute();
    }
  });
  after(() => face.close());
  const statusOf = async (id: string) =>
    db.selectFrom("machines").select(["status", "netboot", "waits_for"]).where("id", "=", id).executeTakeFirstOrThrow();
  const eventsOf = (id: string, type: "metadata.denied" | "cloudinit.progress") =>
    db.selectFrom("events").selectAll().where("machine_id", "=", id).where("type", "=", type).orderBy("id").execute();

  it("lists its versions and refuses others", async () => {
    assert.equal((await face.ask(`${base}/`)).body, "latest\n2012-03-01");
    const machine = await addMachine(db, "ers000", "deployed", { now: start, ownerId: owner });
    const headers = signed(machine.credentials);
    assert.equal((await face.ask(`${base}/latest/`, { headers })).body, "maas-scripts\nmeta-data\nuser-data");
    assert.equal((await face.ask(`${base}/2012-03-01/meta-data/instance-id`, { headers })).body, "ers000");
    const other = await face.ask(`${base}/2011-01-01/meta-data/instance-id`, { headers });
    assert.equal(other.status, 404);
    assert.match(other.body, /versions latest and 2012-03-01/);
  });

  it("gives the documents of the machine, and bears doubled slashes", async () => {
    const machine = await addMachine(db, "dccs00", "deployed", {
      now: start,
      ownerId: owner,
      userData: "#!/bin/sh\necho é\n",
    });
    const headers = signed(machine.credentials);
    const get = async (path: string) => (await face.ask(base + path, { headers })).body;
    assert.equal(await get("/latest/meta-data/"), "instance-id\nlocal-hostname\npublic-keys\nvendor-data");
    assert.equal(await get("//latest/meta-data/instance-id"), "dccs00");
    assert.equal(await get("/latest//meta-data//local-hostname"), "host-dccs00");
    assert.equal(await get("/latest/meta-data/public-keys"), "ssh-ed25519 AAAA ada@one\nssh-ed25519 BBBB ada@two\n");
    assert.equal(await get("/latest/user-data"), "#!/bin/sh\necho é\n");
    const vendor = await face.ask(`${base}/latest/meta-data/vendor-data`, { headers });
    assert.deepEqual(JSON.parse(vendor.body), { "cloud-init": "#cloud-config\n{}\n" });
    assert.equal(vendor.headers["content-type"], "application/x-yaml");
    for (const path of [
      "/latest/meta-data/nothing",
      "/latest/meta-data/constructor",
      "/latest/meta-data/a/b",
      "/latest/x509",
    ]) {
      assert.equal((await face.ask(base + path, { headers })).status, 404, path);
    }
  });

  it("answers 401 with a Date to whoever has not the machine's own credentials", async () => {
    const one = await addMachine(db, "same00", "deployed", { now: start });
    const two = await addMachine(db, "same11", "deployed", { now: start });
    const wrong: Record<string, string>[] = [
      {},
      { authorization: "Basic eDp5" },
      signed({ ...one.credentials, token_secret: two.credentials.token_secret }),
      signed({ ...one.credentials, consumer_key: two.credentials.consumer_key }),
      signed({ ...one.credentials, token_secret: "" }),
      signed({ ...one.credentials, token_key: "unknown" }),
    ];
    for (const headers of wrong) {
      const reply = await face.ask(`${base}/latest/meta-data/instance-id`, { headers, from: one.address });
      assert.equal(reply.status, 401);
      assert.ok(Math.abs(Date.parse(reply.headers.date ?? "") - Date.now()) < 60_000);
    }
    await db.deleteFrom("machine_credentials").where("machine_id", "=", "same00").execute();
    assert.equal((await face.ask(`${base}/latest/user-data`, { headers: signed(one.credentials) })).status, 401);
  });

  it("lets a machine read its own data only", async () => {
    const one = await addMachine(db, "same22", "commissioning", { now: start });
    const two = await addMachine(db, "same33", "commissioning", { now: start });
    const instance = await face.ask(`${base}/latest/meta-data/instance-id`, {
      headers: signed(one.credentials),
      from: two.address,
    });
    assert.equal(instance.body, "same22");
    const status = await face.ask(`${base}/status/same33`, {
      method: "POST",
      headers: signed(one.credentials),
      body: JSON.stringify({
        event_type: "finish",
        origin: "cloudinit",
        name: "modules-final",
        description: "x",
        result: "FAIL",
      }),
    });
    assert.equal(status.status, 403);
    assert.equal((await statusOf("same33")).status, "commissioning");
    const preseed = (from?: string, headers: Record<string, string> = {}) =>
      face.ask(`${base}/latest/by-id/same22/?op=get_preseed`, { ...(from !== undefined && { from }), headers });
    assert.equal((await preseed(one.address)).status, 200);
    for (const from of [two.address, "10.9.9.9", "::1", "not an address", undefined]) {
      const refused = await preseed(from);
      assert.equal(refused.status, 403, String(from));
      assert.doesNotMatch(refused.body, new RegExp(one.credentials.token_secret));
    }
    // A machine's own header comes before what the rack appends.
    assert.equal((await preseed(`${one.address}, ${two.address}`)).status, 403);
    assert.equal((await preseed(two.address, signed(two.credentials))).status, 403);
    const denied = await eventsOf("same22", "metadata.denied");
    assert.equal(denied.length, 1, "a stranger must not fill the event stream");
    assert.equal(denied[0]?.message, `status of same33 was refused to machine same22`);
  });

  it("says in an event who asked for another machine's preseed", async () => {
    const victim = await addMachine(db, "reft00", "deploying", { now: start });
    const stranger = await addMachine(db, "stra00", "deployed", { now: start });
    await face.ask(`${base}/latest/by-id/${victim.id}/?op=get_preseed`, { from: stranger.address });
    const [event] = await eventsOf(victim.id, "metadata.denied");
    assert.equal(
      event?.message,
      `the machine's preseed was refused to ${stranger.address}, which ${stranger.mac} has a lease for`,
    );
    assert.equal(event?.level, "warning");
  });

  it("does not believe an address that was only offered", async () => {
    const machine = await addMachine(db, "end000", "commissioning", { now: start });
    await db.updateTable("leases").set({ state: "offered" }).where("mac", "=", machine.mac).execute();
    assert.equal(
      (await face.ask(`${base}/latest/by-id/end000/?op=get_preseed`, { from: machine.address })).status,
      403,
    );
  });

  it("gives the whole preseed of a machine that has something to do", async () => {
    const machine = await addMachine(db, "pres00", "commissioning", { now: start });
    const { consumer_key, token_key, token_secret } = machine.credentials;
    const reply = await face.ask(`${base}/latest/by-id/pres00/?op=get_preseed`, { from: machine.address });
    assert.equal(reply.headers["content-type"], "text/plain; charset=utf-8");
    const [first, ...rest] = reply.body.split("\n");
    assert.equal(first, "#cloud-config");
    assert.deepEqual(JSON.parse(rest.join("\n")), {
      datasource: {
        MAAS: { metadata_url: "http://10.0.0.1:5248/MAAS/metadata/", consumer_key, token_key, token_secret },
      },
      reporting: {
        rackwright: {
          type: "webhook",
          endpoint: "http://10.0.0.1:5248/MAAS/metadata/status/pres00",
          consumer_key,
          token_key,
          token_secret,
        },
      },
      power_state: {
        delay: "now",
        mode: "poweroff",
        timeout: 7200,
        condition: "test ! -e /run/rackwright/stay",
      },
    });
    assert.equal((await statusOf("pres00")).waits_for, "the agent to start");
  });

  it("makes credentials where a machine has none", async () => {
    const machine = await addMachine(db, "cred00", "commissioning", { now: start });
    await db.deleteFrom("machine_credentials").where("machine_id", "=", "cred00").execute();
    await face.ask(`${base}/latest/by-id/cred00/?op=get_preseed`, { from: machine.address });
    const row = await db
      .selectFrom("machine_credentials")
      .selectAll()
      .where("machine_id", "=", "cred00")
      .executeTakeFirst();
    assert.match(row?.token_secret ?? "", /^[A-Za-z0-9]{32}$/);
  });

  it("gives a machine with nothing to do what powers it off, and no credentials", async () => {
    for (const [id, status] of [
      ["pwr000", "ready"],
      ["pwr111", "releasing"],
      ["pwr222", "new"],
    ] as const) {
      const machine = await addMachine(db, id, status, { now: start });
      const reply = await face.ask(`${base}/latest/by-id/${id}/?op=get_preseed`, { from: "10.200.0.1" });
      assert.equal(reply.status, 200);
      assert.match(reply.body, /"metadata_url": "http:\/\/10\.0\.0\.1:5248\/MAAS\/metadata\/poweroff\/"/);
      assert.doesNotMatch(reply.body, new RegExp(machine.credentials.token_key));
    }
    const script = await face.ask(`${base}/poweroff/2012-03-01/user-data`);
    assert.match(script.body, /^#!\/bin\/sh\n[^]*systemctl poweroff/);
    assert.equal((await face.ask(`${base}/poweroff/2012-03-01/meta-data/instance-id`)).body, "i-rackwright-poweroff");
  });

  it("refuses the preseed of a machine that boots from its disk", async () => {
    for (const [id, status, netboot] of [
      ["dsk000", "deployed", true],
      ["dsk111", "deploying", false],
    ] as const) {
      const machine = await addMachine(db, id, status, { now: start, netboot });
      assert.equal(
        (await face.ask(`${base}/latest/by-id/${id}/?op=get_preseed`, { from: machine.address })).status,
        403,
      );
      assert.equal((await eventsOf(id, "metadata.denied")).length, 1);
    }
    assert.equal((await face.ask(`${base}/latest/by-id/qqqqqq/?op=get_preseed`)).status, 404);
    assert.equal((await face.ask(`${base}/latest/by-id/dsk000/?op=other`)).status, 400);
  });

  it("serves an enlisting machine without credentials", async () => {
    const preseed = await face.ask(`${base}/latest/enlist-preseed/?op=get_enlist_preseed`, { from: "10.250.0.1" });
    assert.match(
      preseed.body,
      /^#cloud-config\n[^]*"metadata_url": "http:\/\/10\.0\.0\.1:5248\/MAAS\/metadata\/enlist\/"/,
    );
    assert.equal((await face.ask(`${base}/enlist/latest/meta-data/instance-id`)).body, "i-rackwright-enlist");
    assert.equal((await face.ask(`${base}/enlist/latest/meta-data/public-keys`)).body, "");
    const script = await face.ask(`${base}/enlist/latest/user-data`, { from: "10.250.0.1" });
    assert.match(
      script.body,
      /\{"rack":"http:\/\/10\.0\.0\.1:5248","mode":"enlist","system_id":null,"credentials":null\}/,
    );
    assert.equal((await face.ask(`${base}/enlist/1999-01-01/user-data`)).status, 404);
  });

  it("starts the agent in the ephemeral system, which deploys nothing yet", async () => {
    for (const [id, status] of [
      ["eph000", "commissioning"],
      ["eph111", "deploying"],
    ] as const) {
      const machine = await addMachine(db, id, status, { now: start });
      const script = await face.ask(`${base}/2012-03-01/user-data`, { headers: signed(machine.credentials) });
      assert.equal(script.status, 200);
      assert.match(script.body, new RegExp(`"mode":"task","system_id":"${id}"`));
      assert.match(script.body, new RegExp(`wanted=${createHash("sha256").update(testBundle).digest("hex")}\n`));
      assert.equal((await statusOf(id)).status, status);
    }
  });

  it("makes a machine deployed when its installed system reads its user data", async () => {
    const given = await addMachine(db, "dep000", "deploying", {
      now: start,
      netboot: false,
      userData: "#cloud-config\n{a: 1}\n",
    });
    const none = await addMachine(db, "dep111", "deploying", { now: start, netboot: false });
    const head = await face.ask(`${base}/2012-03-01/user-data`, { method: "HEAD", headers: signed(given.credentials) });
    assert.equal(head.status, 404);
    assert.equal((await statusOf("dep000")).status, "deploying");
    const ask = (machine: typeof given) =>
      face.ask(`${base}/2012-03-01/user-data`, { headers: signed(machine.credentials) });
    assert.equal((await ask(given)).body, "#cloud-config\n{a: 1}\n");
    assert.equal((await ask(none)).body, "#cloud-config\n{}\n");
    for (const id of ["dep000", "dep111"]) assert.equal((await statusOf(id)).status, "deployed");
    const again = await Promise.all([ask(given), ask(given), ask(none)]);
    assert.deepEqual(
      again.map(({ status }) => status),
      [200, 200, 200],
    );
  });

  it("has no user data for a failed machine", async () => {
    const machine = await addMachine(db, "fay000", "failed deployment", { now: start });
    assert.equal((await face.ask(`${base}/latest/user-data`, { headers: signed(machine.credentials) })).status, 404);
  });

  it("lets a card unknown so far act while its machine is commissioned, not while it holds a user's secrets", async () => {
    const machine = await addMachine(db, "card00", "commissioning", { now: start });
    await addLease(db, "52:54:00:ff:ff:01", "10.77.0.1", new Date(start.getTime() + 1000));
    await db.updateTable("machines").set({ boot_mac: "52:54:00:ff:ff:01" }).where("id", "=", machine.id).execute();
    const ask = () => face.ask(`${base}/latest/by-id/card00/?op=get_preseed`, { from: "10.77.0.1" });
    assert.equal((await ask()).status, 200);
    await db.updateTable("machines").set({ status: "deploying" }).where("id", "=", machine.id).execute();
    assert.equal((await ask()).status, 403);
  });
});

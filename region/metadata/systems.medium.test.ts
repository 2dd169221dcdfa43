import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MachineStatus } from "@rackwright/contract";
import { type Database, json } from "../database/pool.ts";
import { testInventory } from "../storage/testing.ts";
import { addMachine, machineFace, signed } from "./testing.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const clock = { now: () => start };
const base = "/MAAS/metadata";

describe("systems that run from memory", () => {
  let face: Awaited<ReturnType<typeof machineFace>>;
  let db: Database;
  const people = { ada: 0, operator: 0 };
  before(async () => {
    face = await machineFace(clock);
    db = face.db;
    for (const username of ["ada", "operator"] as const) {
      const { id } = await db
        .insertInto("users")
        .values({ username, password_hash: "x" })
        .returning("id")
        .executeTakeFirstOrThrow();
      people[username] = id;
      await db
        .insertInto("ssh_keys")
        .values({ user_id: id, key: `ssh-ed25519 AAAA ${username}` })
        .execute();
    }
  });
  after(() => face.close());

  type More = { installed?: boolean; ephemeral?: boolean; keep_on?: boolean; netboot?: boolean };
  const add = async (id: string, status: MachineStatus, more: More = {}) => {
    const machine = await addMachine(db, id, status, { now: start, ownerId: people.ada, userData: "#!/bin/sh\n" });
    await db
      .updateTable("machines")
      .set({ ...more, operator_id: people.operator })
      .where("id", "=", id)
      .execute();
    return machine;
  };
  const preseed = async (machine: { id: string; address: string }) => {
    const reply = await face.ask(`${base}/latest/by-id/${machine.id}/?op=get_preseed`, { from: machine.address });
    assert.equal(reply.status, 200, reply.body);
    return JSON.parse(reply.body.replace(/^#cloud-config\n/, "")) as Record<string, unknown>;
  };
  const get = (machine: { credentials: Parameters<typeof signed>[0] }, path: string) =>
    face.ask(base + path, { headers: signed(machine.credentials) });
  const keys = async (machine: { credentials: Parameters<typeof signed>[0] }): Promise<string> =>
    (await get(machine, "/latest/meta-data/public-keys")).body;

  it("open a login in rescue mode for who asked and for the owner, and are never switched off", async () => {
    for (const [id, status] of [
      ["resc00", "entering rescue mode"],
      ["resc11", "rescue mode"],
    ] as const) {
      const machine = await add(id, status, { installed: true, netboot: false });
      const config = await preseed(machine);
      assert.deepEqual(config["users"], ["default"]);
      assert.equal(config["power_state"], undefined);
      assert.equal(await keys(machine), "ssh-ed25519 AAAA ada\nssh-ed25519 AAAA operator\n");
      assert.match((await get(machine, "/latest/user-data")).body, /^#!\/bin\/sh\n# Starts Rackwright's agent\./);
    }
  });

  it("open a login at work only where the machine is to stay on", async () => {
    for (const [id, status] of [
      ["test00", "testing"],
      ["cmmm00", "commissioning"],
    ] as const) {
      const machine = await add(id, status);
      assert.equal((await preseed(machine))["users"], undefined);
      assert.doesNotMatch((await get(machine, "/latest/meta-data")).body, /public-keys/);
      await db.updateTable("machines").set({ keep_on: true }).where("id", "=", id).execute();
      assert.deepEqual((await preseed(machine))["users"], ["default"]);
      assert.match(await keys(machine), /operator/);
    }
    const wiped = await add("wype00", "disk erasing", { keep_on: true });
    assert.equal((await preseed(wiped))["users"], undefined);
    assert.doesNotMatch((await get(wiped, "/latest/meta-data")).body, /public-keys/);
  });

  it("get with each boot what an installation would have left on the disk", async () => {
    const machine = await add("mema00", "deploying", { ephemeral: true });
    const inventory = testInventory();
    const [card] = inventory.interfaces;
    assert.ok(card);
    await db
      .updateTable("machines")
      .set({ inventory: json(inventory), boot_mac: card.mac })
      .where("id", "=", machine.id)
      .execute();
    const { datasource, reporting, network, ...rest } = await preseed(machine);
    assert.deepEqual(rest, { datasource_list: ["MAAS"], manage_etc_hosts: true });
    assert.match(JSON.stringify(datasource), new RegExp(machine.credentials.token_secret));
    assert.match(JSON.stringify(reporting), /status\/mema00/);
    assert.deepEqual(network, {
      version: 2,
      ethernets: { [card.name]: { match: { macaddress: card.mac }, dhcp4: true, "dhcp-identifier": "mac" } },
    });
  });

  it("are deployed once they read their user data, and read it again after a restart", async () => {
    const machine = await add("mema11", "deploying", { ephemeral: true });
    assert.equal(await keys(machine), "ssh-ed25519 AAAA ada\n");
    for (const _ of ["first boot", "restart"]) {
      await preseed(machine);
      assert.equal((await get(machine, "/latest/user-data")).body, "#!/bin/sh\n");
      const row = await db
        .selectFrom("machines")
        .select(["status", "netboot", "installed"])
        .where("id", "=", machine.id)
        .executeTakeFirst();
      assert.deepEqual(row, { status: "deployed", netboot: true, installed: true });
    }
    const other = await add("mema22", "ready");
    const stranger = await face.ask(`${base}/latest/by-id/mema11/?op=get_preseed`, { from: other.address });
    assert.equal(stranger.status, 403);
  });

  it("end a deployment badly when cloud-init fails before the user data is read", async () => {
    const machine = await add("mema33", "deploying", { ephemeral: true });
    const body = JSON.stringify({
      event_type: "finish",
      origin: "cloudinit",
      name: "init-network",
      description: "no",
      result: "FAIL",
    });
    const headers = signed(machine.credentials);
    await face.ask(`${base}/status/mema33`, { method: "POST", headers, body });
    const row = await db.selectFrom("machines").selectAll().where("id", "=", "mema33").executeTakeFirstOrThrow();
    assert.deepEqual([row.status, row.failure?.code], ["failed deployment", "cloudinit-failed"]);
  });
});

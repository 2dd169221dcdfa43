import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  LinkFailure,
  makeFailure,
  noRack,
  type RackExplainRequest,
  rackDeviceUnknown,
  rackNotLinked,
} from "@rackwright/contract";
import { json } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { NotFound } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { testMachine } from "../machines/testing.ts";
import { foreseeLease } from "../networks/lease-foresee.ts";
import { offerLeases } from "../networks/lease-offer.ts";
import { explainBoot, type ExplainingRack } from "./explain.ts";

let database: TestDatabase;
const asked: [string, RackExplainRequest][] = [];
const rack = (name: string, cidr: string): ExplainingRack => ({
  rack: name,
  interfaces: [{ name: "eth0", mac: null, addresses: [cidr] }],
  call: (_method, request) => {
    asked.push([name, request]);
    return request.relay === "192.0.2.9"
      ? Promise.reject(new LinkFailure(makeFailure(rackDeviceUnknown, "no such device")))
      : Promise.resolve({ stages: [], asked: [], command_line: null });
  },
});
const racks = [rack("zeta", "10.9.0.1/24"), rack("beta", "10.5.0.1/24"), rack("alpha", "192.168.7.1/24")];
const ask = (query: { mac: string; rack?: string; relay?: string; arch?: string }, linked = racks) =>
  explainBoot(database.db, { connections: () => linked }, { client: "pxe", ...query });
const stranger = "52:54:00:00:99:01";

before(async () => {
  database = await testDatabase();
  const { db } = database;
  await db
    .insertInto("racks")
    .values({ name: "gone", secret: Buffer.alloc(32) })
    .execute();
  await db
    .insertInto("subnets")
    .values([{ cidr: "10.5.0.0/24", dhcp: true }, { cidr: "10.9.0.0/24" }])
    .execute();
  await db
    .insertInto("ip_ranges")
    .values({ subnet_id: 1, kind: "dynamic", first: "10.5.0.100", last: "10.5.0.102" })
    .execute();
});
after(() => database.close());

test("a stranger is asked for where DHCP is on; with more known of the card, where that says", async () => {
  const place = async (mac: string) => (await ask({ mac })).place;
  assert.deepEqual(await place(stranger), {
    rack: "beta",
    interface: null,
    why: "it is on a subnet with DHCP; nothing was seen of the card yet",
  });
  await database.db
    .insertInto("leases")
    .values({ subnet_id: 2, address: "10.9.0.7", mac: stranger, state: "leased", expires_at: new Date() })
    .execute();
  assert.equal((await place(stranger))?.rack, "zeta");
  await appendEvent(database.db, {
    type: "dhcp.discover",
    message: "x",
    mac: stranger,
    rack: "alpha",
    data: { device: "eth0" },
  });
  assert.deepEqual(await place(stranger), { rack: "alpha", interface: "eth0", why: "it saw the card last" });
  assert.equal((await ask({ mac: stranger, rack: "zeta" })).place?.why, "it was named in the question");
});

test("firmware and UUID on record are asked with, unless others are named", async () => {
  const uuid = "4c4c4544-0042-3510-8056-b4c04f4a4d31";
  const { mac, id } = await testMachine(database.db, {
    firmware: "bios",
    uuid,
    status: "ready",
    inventory: json(null),
  });
  const told = await ask({ mac });
  assert.deepEqual([told.arch, told.uuid, told.machine?.id, told.decision.purpose], ["bios", uuid, id, "poweroff"]);
  assert.equal(asked.at(-1)?.[1].architecture_code, 0);
  assert.equal(asked.at(-1)?.[1].uuid, uuid);
  assert.equal((await ask({ mac, arch: "arm64-efi" })).arch, "arm64-efi");
  assert.equal(asked.at(-1)?.[1].architecture_code, 11);
});

test("without the rack the decision and its rules are told all the same, and why the wire is not", async () => {
  const none = await ask({ mac: stranger }, []);
  assert.equal(none.problem?.code, noRack.code);
  assert.equal(none.place, null);
  assert.deepEqual(
    none.rules.find(({ outcome }) => outcome === "won")?.name,
    "no-ephemeral-image",
    "no image is in the store of this test",
  );
  assert.equal(none.failure?.code, "ephemeral-image-missing");
  const gone = await ask({ mac: stranger, rack: "gone" });
  assert.equal(gone.problem?.code, rackNotLinked.code);
  assert.deepEqual(gone.problem?.evidence, ["linked here: zeta, beta, alpha"]);
  const refused = await ask({ mac: stranger, relay: "192.0.2.9" });
  assert.equal(refused.problem?.code, rackDeviceUnknown.code);
  await assert.rejects(ask({ mac: stranger, rack: "never" }), NotFound);
});

test("a lease is foreseen as it is then offered, and leaves nothing", async () => {
  const { db } = database;
  const now = new Date();
  const hints = new Map<number, string>();
  const request = (mac: string, requested: string | null = null) => ({
    mac,
    subnet_id: 1,
    requested,
    hostname: null,
    firmware: true,
  });
  const taken = async () =>
    (await db.selectFrom("leases").select("address").where("subnet_id", "=", 1).execute()).length;
  const macs = ["52:54:00:00:98:01", "52:54:00:00:98:02", "52:54:00:00:98:03", "52:54:00:00:98:04"];
  for (const [n, mac] of macs.slice(0, 3).entries()) {
    const foreseen = await foreseeLease(db, request(mac), hints, now);
    assert.equal(await taken(), n);
    assert.match(
      foreseen.how,
      /the first address in the dynamic range 10\.5\.0\.100-10\.5\.0\.102 that nobody ever had/,
    );
    assert.deepEqual(await offerLeases(db, [request(mac)], hints, now), [foreseen.answer]);
    const again = await foreseeLease(db, request(mac), hints, now);
    assert.deepEqual(again.answer, foreseen.answer);
    assert.match(again.how, /the card was offered it before/);
  }
  const full = await foreseeLease(db, request(macs[3] ?? ""), hints, now);
  assert.equal("refused" in full.answer && full.answer.refused, "no-free-address");
  assert.deepEqual(await db.selectFrom("events").select("id").where("type", "=", "network.problem").execute(), []);
  const later = new Date(now.getTime() + 3_600_000);
  const inherited = await foreseeLease(db, request(macs[3] ?? ""), hints, later);
  assert.match(inherited.how, /whose lease ended longest ago; 52:54:00:00:98:01 had it/);
  const wished = await foreseeLease(db, request(macs[3] ?? "", "10.5.0.102"), hints, later);
  assert.match(wished.how, /the card asks for it, and it is free/);
});

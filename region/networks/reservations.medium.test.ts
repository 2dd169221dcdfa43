import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import {
  ipAddressCreate,
  ipRangeCreate,
  type LeaseOfferAnswer,
  reservedIpCreate,
  subnetCreate,
  type Subnet,
  vlanUpdate,
} from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { InputError, StateConflict } from "../errors.ts";
import { testMachine } from "../machines/testing.ts";
import { buildRackConfig } from "../racks/config.ts";
import { releaseIpAddress, reserveIpAddress } from "./ip-addresses.ts";
import { createIpRange } from "./ip-ranges.ts";
import { commitLeases } from "./lease-commit.ts";
import { foreseeLease } from "./lease-foresee.ts";
import { offerLeases } from "./lease-offer.ts";
import { createReservedIp, deleteReservedIp } from "./reserved-ips.ts";
import { createSubnet } from "./subnets.ts";
import { readUsage } from "./usage.ts";
import { updateVlan } from "./vlans.ts";

const now = new Date("2026-01-01T00:00:00Z");
const later = new Date(now.getTime() + 3_600_000);
const by = { actor: "root", now };
const byRoot = { caller: { id: 1, username: "root", administrator: true }, now };
const mac = (n: number): string => `52:54:00:00:00:0${n}`;
const database = await testDatabase();
after(() => database.close());
const { db } = database;
let subnet: Subnet;

beforeEach(async () => {
  await sql`truncate subnets, machines restart identity cascade`.execute(db);
  await db.deleteFrom("racks").execute();
  const dynamic_ranges = [{ first: "10.0.0.10", last: "10.0.0.12" }];
  subnet = await createSubnet(db, subnetCreate.parse({ cidr: "10.0.0.0/24", dhcp: true, dynamic_ranges }), by);
});

const offer = async (n: number, requested: string | null = null, at = now): Promise<LeaseOfferAnswer | undefined> => {
  const request = { mac: mac(n), subnet_id: subnet.id, requested, hostname: null, firmware: false };
  return (await offerLeases(db, [request], new Map(), at))[0];
};
const addressOf = (answer: LeaseOfferAnswer | undefined): string =>
  answer !== undefined && "address" in answer ? answer.address : `refused: ${answer?.refused}`;
const commit = async (n: number, address: string, at = now) => {
  const request = { mac: mac(n), subnet_id: subnet.id, address, lease_seconds: 600, hostname: null };
  return addressOf((await commitLeases(db, [request], at))[0]);
};
const reserve = (address: string, n: number) =>
  createReservedIp(db, reservedIpCreate.parse({ address, mac: mac(n) }), by);

test("a reserved IP is given to its card, also outside of dynamic ranges, and to nobody else", async () => {
  await reserve("10.0.0.50", 1);
  assert.equal(addressOf(await offer(1)), "10.0.0.50");
  const foreseen = await foreseeLease(
    db,
    { mac: mac(1), subnet_id: subnet.id, requested: null, hostname: null, firmware: false },
    new Map(),
    now,
  );
  assert.match(foreseen.how, /reserved for the card/);
  assert.equal(await commit(2, "10.0.0.50"), "refused: not-yours");
  assert.equal(addressOf(await offer(2, "10.0.0.50")), "10.0.0.10");
  assert.equal(await commit(1, "10.0.0.50"), "10.0.0.50");
  assert.equal(await commit(1, "10.0.0.50", later), "10.0.0.50");
  assert.equal(await commit(1, "10.0.0.11"), "refused: not-yours");
});

test("a card that has another address gets the reserved one: its renewal is refused, its next offer is it", async () => {
  assert.equal(addressOf(await offer(1)), "10.0.0.10");
  assert.equal(await commit(1, "10.0.0.10"), "10.0.0.10");
  const { id } = await reserve("10.0.0.50", 1);
  assert.equal(await commit(1, "10.0.0.10"), "refused: not-yours");
  assert.equal(addressOf(await offer(1, "10.0.0.10")), "10.0.0.50");
  assert.equal(addressOf(await offer(2)), "10.0.0.10");
  await deleteReservedIp(db, id, by);
  assert.equal(addressOf(await offer(1, null, later)), "10.0.0.11");
});

test("what cannot be reserved is refused: taken, dynamic, no host's, twice", async () => {
  await offer(1);
  const { id } = await testMachine(db, { boot_mac: mac(5) });
  await sql`update interfaces set mac = ${mac(5)} where machine_id = ${id}`.execute(db);
  await sql`insert into leases (subnet_id, address, mac, state, expires_at)
            values (${subnet.id}, '10.0.0.60', ${mac(5)}, 'leased', ${now})`.execute(db);
  await reserveIpAddress(db, ipAddressCreate.parse({ address: "10.0.0.70" }), byRoot);
  await reserve("10.0.0.50", 1);
  for (const [address, n, Kind, words] of [
    ["10.0.0.11", 2, InputError, /dynamic range 10\.0\.0\.10-10\.0\.0\.12/],
    ["10.0.0.255", 2, InputError, /within 10\.0\.0\.1 to 10\.0\.0\.254/],
    ["10.9.0.1", 2, InputError, /must lie in a subnet that exists/],
    ["10.0.0.50", 2, StateConflict, /reserved for 52:54:00:00:00:01/],
    ["10.0.0.51", 1, StateConflict, /10\.0\.0\.50 is reserved/],
    ["10.0.0.60", 2, StateConflict, /leased to 52:54:00:00:00:05/],
    ["10.0.0.70", 2, StateConflict, /set aside/],
  ] as const)
    await assert.rejects(reserve(address, n), (error) => error instanceof Kind && words.test(error.message), address);
  await reserve("10.0.0.60", 5);
});

test("reserved ranges and addresses that are set aside are never offered, whatever came first", async () => {
  await reserve("10.0.0.40", 7);
  const range = { type: "dynamic" as const, first: "10.0.0.30", last: "10.0.0.45" };
  await assert.rejects(createIpRange(db, ipRangeCreate.parse(range), byRoot), StateConflict);
  // As an older program, or another one, may have left it.
  await sql`insert into ip_ranges (subnet_id, kind, first, last) values (${subnet.id}, 'reserved', '10.0.0.10', '10.0.0.11')`.execute(
    db,
  );
  assert.equal(addressOf(await offer(1, "10.0.0.10")), "10.0.0.12");
  await sql`delete from leases`.execute(db);
  await sql`insert into ip_addresses (address, subnet_id, kind, user_id) values ('10.0.0.12', ${subnet.id}, 'user', 1)`.execute(
    db,
  );
  assert.equal(addressOf(await offer(1)), "refused: no-free-address");
});

test("an address is picked where the usage says it is free, and is free again when it is released", async () => {
  const made = await reserveIpAddress(db, ipAddressCreate.parse({ subnet_id: subnet.id }), byRoot);
  assert.equal(made.address, "10.0.0.1");
  const second = await reserveIpAddress(db, ipAddressCreate.parse({ subnet_id: subnet.id }), byRoot);
  assert.equal(second.address, "10.0.0.2");
  await assert.rejects(reserveIpAddress(db, ipAddressCreate.parse({ address: "10.0.0.2" }), byRoot), StateConflict);
  const usage = await readUsage(db, subnet.id, now);
  assert.deepEqual([usage.total, usage.used], [254n, 5n]);
  await releaseIpAddress(db, made.id, byRoot);
  const again = await reserveIpAddress(db, ipAddressCreate.parse({ subnet_id: subnet.id }), byRoot);
  assert.equal(again.address, "10.0.0.1");
});

test("racks are told of reservations, and only those a VLAN names answer DHCP on it", async () => {
  const at = (address: string) => json([{ name: "eth0", mac: null, addresses: [address] }]);
  for (const [n, name] of ["rack1", "rack2", "rack3"].entries())
    await db
      .insertInto("racks")
      .values({ name, secret: Buffer.alloc(32), seen_at: now, interfaces: at(`10.0.0.${200 + n}/24`) })
      .execute();
  await reserve("10.0.0.50", 1);
  const [, address] = [await offer(2), addressOf(await offer(2))];
  const machine = await testMachine(db, { hostname: "known" });
  await sql`update interfaces set mac = ${mac(2)} where machine_id = ${machine.id}`.execute(db);
  const served = async (rack: string) => {
    const { subnets, hosts } = await buildRackConfig(db, rack, now);
    return { dhcp: subnets.map(({ dhcp }) => dhcp), mtu: subnets[0]?.mtu, hosts };
  };
  const hosts = [
    { mac: mac(2), address, subnet_id: subnet.id, hostname: "known" },
    { mac: mac(1), address: "10.0.0.50", subnet_id: subnet.id, hostname: null },
  ];
  assert.deepEqual(await served("rack1"), { dhcp: [true], mtu: null, hosts });
  const change = vlanUpdate.parse({ primary_rack: "rack1", secondary_rack: "rack3", mtu: 9000 });
  await updateVlan(db, subnet.vlan_id, change, by);
  assert.deepEqual(await served("rack1"), { dhcp: [true], mtu: 9000, hosts });
  assert.deepEqual((await served("rack2")).dhcp, [false]);
  assert.deepEqual((await served("rack3")).dhcp, [true]);
  const promoted = await updateVlan(db, subnet.vlan_id, { primary_rack: null }, by);
  assert.deepEqual([promoted.primary_rack, promoted.secondary_rack], ["rack3", null]);
  await updateVlan(db, subnet.vlan_id, { primary_rack: null, mtu: 1500 }, by);
  assert.deepEqual((await served("rack2")).dhcp, [true]);
});

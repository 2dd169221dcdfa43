import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { networkNotDeployable } from "@rackwright/contract";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { registerDebian } from "../images/testing.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { deployMachine } from "../machines/deploy.ts";
import { fire } from "../machines/fire.ts";
import { testInventory, testMachine } from "../machines/testing.ts";
import { acquireBridges } from "./acquire.ts";
import { createInterface, interfacesOf } from "./change.ts";
import { configuredNetworkOf } from "./configure.ts";
import { linkSubnet } from "./links.ts";

const now = new Date("2026-05-01T10:00:00Z");
const by = { caller: { id: 1, username: "root", administrator: true }, now };
let base: TestDatabase;
let subnets = 0;

before(async () => {
  base = await testDatabase();
  await registerDebian(base.db);
});
after(() => base.close());

async function machine() {
  const { id, mac } = await testMachine(base.db, { status: "ready", firmware: "uefi" });
  await base.db
    .updateTable("machines")
    .set({ inventory: json(testInventory(mac)) })
    .where("id", "=", id)
    .execute();
  return { id, mac };
}
async function subnet(dhcp = false) {
  const cidr = `10.${(subnets += 1)}.0.0/24`;
  const { rows } = await sql<{ id: number }>`insert into subnets (cidr, name, gateway, dhcp, vlan_id)
    values (${cidr}, ${cidr}, ${cidr}::cidr + 1, ${dhcp}, 5001) returning id`.execute(base.db);
  return { id: rows[0]?.id ?? 0, cidr };
}
const link = (id: string, wanted: object, name = "eth0") =>
  linkSubnet(base.db, id, name, { mode: "auto", default_gateway: false, force: false, ...wanted }, by);
const deploy = (id: string) => deployMachine(base.db, id, { image: "debian-12" }, { ...by, ownerId: 1 });
const release = (id: string) =>
  base.db.transaction().execute(async (tx) => {
    await fire(tx, { machineId: id, trigger: "release", actor: "root", now });
    await fire(tx, { machineId: id, trigger: "powered-off", actor: "region", now });
  });

it("a machine that nobody set up has no configuration of its own", async () => {
  const { id } = await machine();
  assert.equal(await configuredNetworkOf(base.db, id, now), null);
  await deploy(id);
});

it("picks addresses at the deployment, and gives them back with the machine", async () => {
  const { id } = await machine();
  const { id: subnet_id, cidr } = await subnet();
  const address = cidr.replace("0/24", "2");
  assert.equal((await link(id, { subnet_id })).links[0]?.address, null);
  await deploy(id);
  assert.equal((await interfacesOf(base.db, id, now))[0]?.links[0]?.address, address);
  const network = await configuredNetworkOf(base.db, id, now);
  assert.deepEqual(
    (network?.["ethernets"] as Record<string, { addresses: string[] }> | undefined)?.["eth0"]?.addresses,
    [`${address}/24`],
  );
  const other = await machine();
  await link(other.id, { subnet_id });
  await deploy(other.id);
  assert.equal((await interfacesOf(base.db, other.id, now))[0]?.links[0]?.address, cidr.replace("0/24", "3"));
  await base.db.updateTable("machines").set({ status: "deployed", installed: true }).where("id", "=", id).execute();
  await release(id);
  assert.equal((await interfacesOf(base.db, id, now))[0]?.links[0]?.address, null);
  const { rows } = await sql`select from ip_addresses where address = ${address}::inet`.execute(base.db);
  assert.equal(rows.length, 0);
});

it("leaves the address to our DHCP where that serves the subnet, and shows the lease while the machine is used", async () => {
  const { id, mac } = await machine();
  const { id: subnet_id, cidr } = await subnet(true);
  const address = cidr.replace("0/24", "77");
  await sql`insert into leases (subnet_id, address, mac, state, expires_at)
    values (${subnet_id}, ${address}, ${mac}, 'leased', ${new Date(now.getTime() + 60_000)})`.execute(base.db);
  await link(id, { subnet_id });
  assert.equal((await interfacesOf(base.db, id, now))[0]?.links[0]?.address, null);
  await deploy(id);
  assert.equal((await interfacesOf(base.db, id, now))[0]?.links[0]?.address, address);
  assert.deepEqual(await configuredNetworkOf(base.db, id, now), {
    version: 2,
    ethernets: { eth0: { match: { macaddress: mac }, dhcp4: true, "dhcp-identifier": "mac" } },
  });
});

it("refuses a network that would leave the machine unreachable, or that the images cannot do", async () => {
  const { id } = await machine();
  await link(id, { mode: "link_up" });
  await assert.rejects(deploy(id), (error: { code?: string; failures?: { field: string }[] }) => {
    assert.equal(error.code, networkNotDeployable.code);
    assert.equal(error.failures?.[0]?.field, "network");
    return true;
  });
  const [eth0] = await interfacesOf(base.db, id, now);
  await createInterface(base.db, id, { type: "bridge", parents: [eth0?.id ?? 0], bridge_type: "ovs" }, by);
  await link(id, { mode: "dhcp" }, "br-eth0");
  await assert.rejects(deploy(id), /Open vSwitch/);
  const { status } = await base.db
    .selectFrom("machines")
    .select("status")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  assert.equal(status, "ready");
});

it("puts bridges on linked interfaces for the time of an allocation", async () => {
  const { id } = await machine();
  const { id: subnet_id } = await subnet();
  const [auto] = (await link(id, { subnet_id })).links;
  await base.db.transaction().execute(async (tx) => {
    await fire(tx, { machineId: id, trigger: "allocate", actor: "root", ownerId: 1, now });
    await acquireBridges(tx, id, { type: "standard", stp: false, fd: 15 }, now);
  });
  const [eth0, bridge] = await interfacesOf(base.db, id, now);
  assert.deepEqual([eth0?.links, bridge?.name, bridge?.links.map((one) => one.id)], [[], "br-eth0", [auto?.id]]);
  assert.equal(bridge?.mac, eth0?.mac);
  await release(id);
  const left = await interfacesOf(base.db, id, now);
  assert.deepEqual(
    left.map(({ name, links }) => [name, links.map((one) => one.id)]),
    [["eth0", [auto?.id]]],
  );
});

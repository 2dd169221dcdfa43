import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type InterfaceCreate, networkInterface, noFreeAddress } from "@rackwright/contract";
import { sql } from "kysely";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { InputError, StateConflict } from "../errors.ts";
import { createDevice } from "../devices/change.ts";
import { insertMachine } from "../machines/create.ts";
import { saveInterfaces } from "../machines/interfaces.ts";
import { testMachine } from "../machines/testing.ts";
import { writeStored } from "../settings/stored.ts";
import { createInterface, deleteInterface, interfacesOf, tagInterface, updateInterface } from "./change.ts";
import { linkByDefault, restoreInterfaces } from "./defaults.ts";
import { disconnect, linkSubnet, setDefaultGateway, unlinkSubnet } from "./links.ts";

const now = new Date("2026-05-01T10:00:00Z");
const by = { caller: { id: 1, username: "root", administrator: true }, now };
let base: TestDatabase;
let subnets = 0;
let macs = 0;
const mac = (): string => `02:00:00:00:00:${(macs += 1).toString(16).padStart(2, "0")}`;

before(async () => {
  base = await testDatabase();
});
after(() => base.close());

/** A subnet of its own in the default VLAN, or the one given. */
async function subnet(values: { cidr?: string; gateway?: string; dhcp?: boolean; vlan_id?: number } = {}) {
  const cidr = values.cidr ?? `10.${(subnets += 1)}.0.0/24`;
  const { rows } = await sql<{ id: number }>`
    insert into subnets (cidr, name, gateway, dhcp, vlan_id)
    values (${cidr}, ${cidr}, ${values.gateway ?? null}, ${values.dhcp ?? false}, ${values.vlan_id ?? 5001})
    returning id`.execute(base.db);
  return { id: rows[0]?.id ?? 0, cidr };
}
async function vlan(vid: number): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into vlans (fabric_id, vid) values (0, ${vid}) returning id`.execute(base.db);
  return rows[0]?.id ?? 0;
}
async function machine(cards = 2) {
  const { id } = await testMachine(base.db, { status: "ready" });
  for (let n = 1; n < cards; n++) await make(id, { type: "physical", name: `eth${n}`, mac: mac() });
  await base.db.updateTable("interfaces").set({ vlan_id: 5001 }).where("machine_id", "=", id).execute();
  return { id, cards: (await interfacesOf(base.db, id, now)).map((one) => one.id) };
}
const make = (id: string, wanted: InterfaceCreate) => createInterface(base.db, id, wanted, by);
const refused = (field: string, words: RegExp) => (error: unknown) =>
  error instanceof InputError && error.failures?.[0]?.field === field && words.test(error.failures[0].allowed);

describe("making interfaces", () => {
  it("makes a bond that goes by its first parent's address and takes its place in the VLAN", async () => {
    const { id, cards } = await machine();
    const { id: subnet_id } = await subnet();
    await linkSubnet(base.db, id, "eth0", { mode: "auto", subnet_id, default_gateway: false, force: false }, by);
    const bond = await make(id, { type: "bond", name: "bond0", parents: cards, bond_mode: "802.3ad" });
    const [eth0] = await interfacesOf(base.db, id, now);
    assert.equal(bond.mac, eth0?.mac);
    assert.equal(bond.own_mac, null);
    assert.equal(bond.vlan_id, 5001);
    assert.deepEqual(bond.parents, cards);
    assert.deepEqual([bond.params["bond_mode"], bond.params["bond_miimon"]], ["802.3ad", 100]);
    assert.deepEqual(
      bond.links.map(({ mode }) => mode),
      ["link_up"],
    );
    assert.deepEqual([eth0?.links, eth0?.children], [[], [bond.id]]);
    // Who looks for the address finds the card, once.
    const found = await base.db.selectFrom("interfaces").select("id").where("mac", "=", bond.mac).execute();
    assert.deepEqual(found, [{ id: cards[0] }]);
    await assert.rejects(make(id, { type: "bridge", parents: [cards[0] ?? 0] }), refused("parents", /in use by bond0/));
    await assert.rejects(
      linkSubnet(base.db, id, "eth1", { mode: "dhcp", default_gateway: false, force: false }, by),
      refused("bond", /in a bond/),
    );
  });

  it("goes by the address of the parent that is named, or by one of its own", async () => {
    const { id, cards } = await machine();
    const second = (await interfacesOf(base.db, id, now))[1];
    assert.equal(
      (await make(id, { type: "bond", name: "b", parents: cards, mac: second?.mac ?? "" })).mac,
      second?.mac,
    );
    const other = await machine();
    const own = mac();
    const bridge = await make(other.id, { type: "bridge", parents: [other.cards[0] ?? 0], mac: own });
    assert.deepEqual([bridge.mac, bridge.own_mac, bridge.name], [own, own, "br-eth0"]);
    await assert.rejects(make(other.id, { type: "physical", mac: own }), refused("mac", /already in use/));
  });

  it("makes a VLAN interface of a tagged VLAN only, named after its parent", async () => {
    const { id, cards } = await machine(1);
    const parents = [cards[0] ?? 0];
    const tagged = await vlan(77);
    assert.equal((await make(id, { type: "vlan", parents, vlan_id: tagged })).name, "eth0.77");
    await assert.rejects(make(id, { type: "vlan", parents, vlan_id: 5001 }), refused("vlan_id", /tagged/));
    await assert.rejects(make(id, { type: "vlan", parents, vlan_id: 999_999 }), refused("vlan_id", /no VLAN/));
    await assert.rejects(make(id, { type: "vlan", parents, vlan_id: tagged }), refused("name", /already exists/));
  });

  it("takes no parent of another machine", async () => {
    const [one, other] = [await machine(1), await machine(1)];
    await assert.rejects(
      make(one.id, { type: "bond", name: "bond0", parents: other.cards }),
      refused("parents", /same machine/),
    );
  });

  it("deletes what was made of nothing else with it", async () => {
    const { id, cards } = await machine();
    await make(id, { type: "bond", name: "bond0", parents: cards });
    await make(id, {
      type: "vlan",
      parents: [(await interfacesOf(base.db, id, now))[2]?.id ?? 0],
      vlan_id: await vlan(78),
    });
    await deleteInterface(base.db, id, "eth0", by);
    assert.deepEqual(
      (await interfacesOf(base.db, id, now)).map(({ name }) => name),
      ["eth1", "bond0", "bond0.78"],
    );
    await deleteInterface(base.db, id, "eth1", by);
    assert.deepEqual(await interfacesOf(base.db, id, now), []);
  });

  it("is refused by the machine's status, and of a deployed one changes only name and address", async () => {
    const { id } = await machine();
    await base.db.updateTable("machines").set({ status: "deployed" }).where("id", "=", id).execute();
    await assert.rejects(make(id, { type: "physical", mac: mac() }), StateConflict);
    await assert.rejects(updateInterface(base.db, id, "eth0", { mtu: 9000 }, by), refused("mtu", /deployed/));
    assert.equal((await updateInterface(base.db, id, "eth0", { name: "lan" }, by)).name, "lan");
    assert.deepEqual((await tagInterface(base.db, id, "lan", { add: "uplink" }, by)).tags, ["uplink"]);
  });
});

describe("linking to subnets", () => {
  const link = (id: string, wanted: object, name = "eth0") =>
    linkSubnet(base.db, id, name, { mode: "auto", default_gateway: false, force: false, ...wanted }, by);

  it("picks the lowest address outside ranges and that is nobody's", async () => {
    const { id } = await machine(1);
    const { id: subnet_id, cidr } = await subnet({ gateway: `10.${subnets + 1}.0.1` });
    await sql`insert into ip_ranges (subnet_id, kind, first, last)
      values (${subnet_id}, 'dynamic', ${cidr}::cidr + 2, ${cidr}::cidr + 9),
             (${subnet_id}, 'reserved', ${cidr}::cidr + 10, ${cidr}::cidr + 10)`.execute(base.db);
    await sql`insert into leases (subnet_id, address, mac, state, expires_at)
      values (${subnet_id}, ${cidr}::cidr + 11, '02:ff:00:00:00:01', 'leased', now())`.execute(base.db);
    const made = await link(id, { mode: "static", subnet_id });
    assert.equal(made.links[0]?.address, cidr.replace("0/24", "12"));
    await assert.rejects(
      link(id, { mode: "static", subnet_id, address: cidr.replace("0/24", "5") }),
      refused("address", /dynamic range/),
    );
    await assert.rejects(link(id, { mode: "static", subnet_id, address: "192.0.2.1" }), refused("address", /not in/));
    await assert.rejects(link(id, { mode: "static", subnet_id, address: cidr.replace("0/24", "12") }), StateConflict);
    await unlinkSubnet(base.db, id, "eth0", made.links[0]?.id ?? 0, by);
    const free = await sql`select from ip_addresses where subnet_id = ${subnet_id}`.execute(base.db);
    assert.equal(free.rows.length, 0, "the address is free again");
  });

  it("says when no address is left", async () => {
    const { id } = await machine(1);
    const { id: subnet_id } = await subnet({ cidr: "10.200.0.0/31" });
    await link(id, { mode: "static", subnet_id });
    await link(id, { mode: "static", subnet_id });
    await assert.rejects(link(id, { mode: "static", subnet_id }), { code: noFreeAddress.code, status: 503 });
  });

  it("links to a subnet of another VLAN only by force, and leaves the old VLAN's subnets", async () => {
    const { id } = await machine(1);
    const old = await subnet();
    const { id: subnet_id } = await subnet({ vlan_id: await vlan(79) });
    await link(id, { subnet_id: old.id });
    await assert.rejects(link(id, { subnet_id }), refused("subnet_id", /unless force/));
    const moved = await link(id, { subnet_id, force: true });
    assert.deepEqual(
      moved.links.map((one) => one.subnet_id),
      [subnet_id],
    );
    assert.notEqual(moved.vlan_id, 5001);
  });

  it("brings an interface up without an address only when it has none, and again when its last link goes", async () => {
    const { id } = await machine(1);
    const { id: subnet_id } = await subnet();
    const [first] = (await link(id, { subnet_id })).links;
    await assert.rejects(link(id, { mode: "link_up" }), refused("mode", /force/));
    assert.deepEqual(
      (await link(id, { mode: "link_up", force: true })).links.map(({ mode }) => mode),
      ["link_up"],
    );
    const [auto] = (await link(id, { subnet_id })).links;
    assert.notEqual(auto?.id, first?.id);
    const left = await unlinkSubnet(base.db, id, "eth0", auto?.id ?? 0, by);
    assert.deepEqual(
      left.links.map(({ mode }) => mode),
      ["link_up"],
    );
    await assert.rejects(
      unlinkSubnet(base.db, id, "eth0", 999_999, by),
      refused("id", /the number of a link of this interface; it has/),
    );
    const off = await disconnect(base.db, id, "eth0", by);
    assert.deepEqual([off.vlan_id, off.links], [null, []]);
  });

  it("takes one default gateway a family, and asks which where it is not clear", async () => {
    const { id } = await machine(2);
    const one = await subnet({ gateway: `10.${subnets + 1}.0.1` });
    const two = await subnet({ gateway: `10.${subnets + 1}.0.1` });
    const none = await subnet();
    await assert.rejects(
      link(id, { subnet_id: none.id, default_gateway: true }),
      refused("default_gateway", /gateway/),
    );
    await link(id, { subnet_id: one.id, default_gateway: true });
    const both = await link(id, { subnet_id: two.id, default_gateway: true });
    assert.deepEqual(
      both.links.map((each) => each.default_gateway),
      [false, true],
    );
    await assert.rejects(setDefaultGateway(base.db, id, "eth0", undefined, by), refused("link_id", /more than one/));
    const chosen = await setDefaultGateway(base.db, id, "eth0", both.links[0]?.id, by);
    assert.deepEqual(
      chosen.links.map((each) => each.default_gateway),
      [true, false],
    );
    await assert.rejects(setDefaultGateway(base.db, id, "eth1", undefined, by), /no usable gateways/);
  });
});

describe("commissioning", () => {
  const card = (name: string, address: string, addresses: string[] = []) =>
    networkInterface.parse({
      name,
      mac: address,
      link: true,
      speed_mbps: 10_000,
      vendor: "Acme",
      product: "Ten",
      driver: "x",
      addresses,
      boot: false,
    });
  const report = (id: string, cards: ReturnType<typeof card>[]) =>
    base.db.transaction().execute(async (tx) => {
      await saveInterfaces(tx, id, cards, "replace");
      await linkByDefault(tx, id, now);
    });

  it("connects cards where they were seen, keeps ids, and what an operator set up", async () => {
    const { id, mac: boot } = await testMachine(base.db, { status: "commissioning" });
    const [one, two] = [await subnet(), await subnet()];
    const address = one.cidr.replace("0/24", "50");
    const other = mac();
    const cards = [
      card("eth0", boot, [`${address}/24`, "fe80::1/64", "not an address"]),
      card("eth1", other, [two.cidr.replace("0/24", "9/24")]),
      card("eth2", mac()),
    ];
    await report(id, cards);
    const first = await interfacesOf(base.db, id, now);
    assert.deepEqual(
      first.map(({ name, vlan_id, links }) => [name, vlan_id, links.map(({ mode, subnet_id }) => [mode, subnet_id])]),
      [
        ["eth0", 5001, [["auto", one.id]]],
        ["eth1", 5001, [["link_up", null]]],
        ["eth2", null, []],
      ],
    );
    assert.deepEqual([first[0]?.vendor, first[0]?.link_speed, first[0]?.seen], ["Acme", 10_000, [address]]);
    await report(id, cards);
    assert.deepEqual(await interfacesOf(base.db, id, now), first, "nothing changes where nothing changed");

    await base.db.updateTable("machines").set({ status: "ready" }).where("id", "=", id).execute();
    await updateInterface(base.db, id, "eth1", { name: "storage", mtu: 9000 }, by);
    await disconnect(base.db, id, "storage", by);
    await base.db.updateTable("machines").set({ status: "commissioning" }).where("id", "=", id).execute();
    await report(id, [...cards.slice(1), card("eth0", boot)]);
    const again = await interfacesOf(base.db, id, now);
    const kept = again.find((each) => each.id === first[1]?.id);
    assert.deepEqual([kept?.name, kept?.mtu, kept?.vlan_id, kept?.links], ["storage", 9000, null, []]);
    const boots = again.find((each) => each.id === first[0]?.id);
    assert.deepEqual(
      boots?.links.map(({ mode }) => mode),
      ["dhcp"],
      "seen nowhere, it can only ask",
    );
  });

  it("deletes what was made of cards that are gone, and takes no card of a device", async () => {
    const { id, mac: boot } = await testMachine(base.db, { status: "ready" });
    const { id: parent } = await make(id, { type: "physical", name: "eth1", mac: mac() });
    const bond = await make(id, { type: "bond", name: "bond0", parents: [parent] });
    await make(id, { type: "vlan", parents: [bond.id], vlan_id: await vlan(80) });
    const phone = mac();
    await createDevice(base.db, { macs: [phone], hostname: "phone" }, by);
    await report(id, [card("eth0", boot), card("eth1", phone)]);
    assert.deepEqual(
      (await interfacesOf(base.db, id, now)).map(({ name }) => name),
      ["eth0"],
    );
    const enlisting = { architecture: "amd64" as const, interfaces: [{ name: "eth0", mac: phone }], now };
    await assert.rejects(
      base.db.transaction().execute((tx) => insertMachine(tx, enlisting)),
      /belongs to device phone/,
    );
  });

  it("links the boot interface as the setting says", async () => {
    const { id, mac: boot } = await testMachine(base.db, { status: "commissioning" });
    const { id: subnet_id, cidr } = await subnet();
    const cards = [card("eth0", boot, [cidr.replace("0/24", "50")])];
    const links = async (mode: string) => {
      await writeStored(base.db, "default_boot_interface_link_type", mode);
      await report(id, cards);
      return (await interfacesOf(base.db, id, now))[0]?.links.map((one) => [one.mode, one.subnet_id, one.address]);
    };
    assert.deepEqual(await links("static"), [["static", subnet_id, cidr.replace("0/24", "1")]]);
    assert.deepEqual(await links("dhcp"), [["dhcp", subnet_id, null]]);
    assert.deepEqual(await links("link_up"), [["link_up", null, null]]);
    assert.deepEqual(await links("auto"), [["auto", subnet_id, null]]);
  });

  it("restores the network as commissioning leaves it", async () => {
    const { id, cards } = await machine();
    await make(id, { type: "bond", name: "bond0", parents: cards });
    await base.db.transaction().execute((tx) => restoreInterfaces(tx, id, now));
    const left = await interfacesOf(base.db, id, now);
    assert.deepEqual(
      left.map(({ name, links }) => [name, links.map(({ mode }) => mode)]),
      [
        ["eth0", ["dhcp"]],
        ["eth1", []],
      ],
    );
  });
});

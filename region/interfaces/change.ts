import type { InterfaceCreate, InterfaceUpdate } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { json } from "../database/pool.ts";
import type { InterfaceParams } from "../database/tables/interfaces.ts";
import { InputError, NotFound } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import type { By } from "../machines/ask.ts";
import { notifyRacks } from "../racks/notify.ts";
import { freeName, ofNode, requireFreeMac, requireFreeName, requireParents, requireVlan } from "./checks.ts";
import { type Node, lockNode, ownerOf } from "./node.ts";
import { defaultParams, pickParams } from "./params.ts";
import { type Interface, loadInterfaces } from "./read.ts";
import { clearLinks, ensureLinkUp } from "./link-rows.ts";

/** All interfaces of one node. */
export async function interfacesOf(db: Database | Transaction, nodeId: string, now: Date): Promise<Interface[]> {
  return (await loadInterfaces(db, { nodes: [nodeId] }, now)).get(nodeId) ?? [];
}

/** One interface of a node, by its id or its name. @throws NotFound */
export async function readInterface(
  db: Database | Transaction,
  nodeId: string,
  specifier: string,
  now: Date,
): Promise<Interface> {
  const all = await interfacesOf(db, nodeId, now);
  const found = all.find(({ id }) => String(id) === specifier) ?? all.find(({ name }) => name === specifier);
  if (found === undefined)
    throw new NotFound(`There is no interface ${specifier.slice(0, 64)} of ${nodeId}.`, {
      next: "List its interfaces to see their ids.",
    });
  return found;
}

/**
 * Adds an interface to a machine or device: a card that inventory does not know, or a bond, bridge or VLAN made of others.
 *
 * @throws NotFound, Denied, StateConflict as of `lockNode`; InputError naming the bad field
 */
export async function createInterface(
  db: Database,
  nodeId: string,
  wanted: InterfaceCreate,
  { caller, now }: By,
): Promise<Interface> {
  return db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, caller);
    if (node.kind === "device" && wanted.type !== "physical")
      throw InputError.field("type", wanted.type, "a device can only have physical interfaces");
    const id = await insertInterface(tx, node, wanted, now);
    const made = ofNode(await interfacesOf(tx, nodeId, now), id);
    await tell(tx, node, { caller, now }, `created interface ${made.name} of`, { after: shown(made), id });
    return made;
  });
}

/** Adds the interface, without a look at who asks; for a node whose row is locked. */
export async function insertInterface(
  tx: Transaction,
  node: Node,
  wanted: InterfaceCreate,
  now: Date,
): Promise<number> {
  const all = await interfacesOf(tx, node.id, now);
  const given = wanted.vlan_id ?? undefined;
  const vid = given === undefined ? undefined : await requireVlan(tx, given);
  const wish = { type: wanted.type, parents: "parents" in wanted ? wanted.parents : [] };
  const parents = requireParents(all, vid === undefined ? wish : { ...wish, vid });
  const name = wanted.name ?? nameFor(all, wanted, parents, vid ?? 0);
  requireFreeName(all, name);
  const mac = "mac" in wanted ? (wanted.mac ?? null) : null;
  const from = wanted.type === "physical" ? undefined : parents.find((parent) => parent.mac === mac);
  if (mac !== null && from === undefined) await requireFreeMac(tx, mac);
  const vlan = wanted.vlan_id === undefined ? (parents[0]?.vlan_id ?? null) : wanted.vlan_id;
  const { id } = await tx
    .insertInto("interfaces")
    .values({
      ...ownerOf(node),
      name,
      type: wanted.type,
      mac: from === undefined ? mac : null,
      mac_from_id: from?.id ?? null,
      vlan_id: vlan,
      mtu: wanted.mtu ?? null,
      tags: [...new Set(wanted.tags)],
      params: json({ ...defaultParams(wanted.type), ...pickParams(wanted.type, wanted) }),
      configured: true,
      enabled: ("enabled" in wanted ? wanted.enabled : undefined) ?? true,
      numa_node: ("numa_node" in wanted ? wanted.numa_node : undefined) ?? null,
      link_connected: wanted.link_connected ?? true,
      interface_speed: wanted.interface_speed ?? 0,
      link_speed: wanted.link_speed ?? 0,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await setParents(tx, id, wanted.type, parents, vlan);
  if (node.kind === "machine") await ensureLinkUp(tx, id, vlan);
  await notifyRacks(tx);
  return id;
}

/** A name for one that came without. */
function nameFor(all: readonly Interface[], { type }: InterfaceCreate, parents: readonly Interface[], vid: number) {
  const parent = parents[0]?.name ?? "";
  // The kernel takes 15 bytes.
  const fits = (name: string) => (name.length <= 15 ? name : undefined);
  if (type === "physical") return freeName(all, "eth");
  if (type === "vlan") return fits(`${parent}.${vid}`) ?? `vlan${vid}`;
  const bridge = fits(`br-${parent}`);
  return bridge !== undefined && !all.some(({ name }) => name === bridge) ? bridge : freeName(all, "br");
}

/** Members of a bond or bridge have no addresses of their own, and are in its VLAN. */
async function setParents(
  tx: Transaction,
  id: number,
  type: Interface["type"],
  parents: readonly Interface[],
  vlan: number | null,
): Promise<void> {
  await tx.deleteFrom("interface_parents").where("interface_id", "=", id).execute();
  if (parents.length === 0) return;
  const ids = parents.map((parent) => parent.id);
  await tx
    .insertInto("interface_parents")
    .values(ids.map((parent_id) => ({ interface_id: id, parent_id })))
    .execute();
  if (type === "vlan") return;
  await clearLinks(tx, ids);
  const members = { configured: true, ...(type === "bond" && { vlan_id: vlan }) };
  await tx.updateTable("interfaces").set(members).where("id", "in", ids).execute();
}

/**
 * Changes what is given. Of a deployed machine only name and MAC address can be changed.
 *
 * @throws NotFound, Denied, StateConflict as of `lockNode`; InputError naming the bad field
 */
export async function updateInterface(
  db: Database,
  nodeId: string,
  specifier: string,
  change: InterfaceUpdate,
  { caller, now }: By,
): Promise<Interface> {
  return db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, caller, ["deployed"]);
    const all = await interfacesOf(tx, nodeId, now);
    const before = await readInterface(tx, nodeId, specifier, now);
    const { id, type } = before;
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    if (node.kind === "machine" && node.status === "deployed") {
      const fixed = given.find(([name]) => name !== "name" && name !== "mac");
      if (fixed) throw InputError.field(fixed[0], fixed[1], "cannot be changed while the machine is deployed");
    }
    const vlan = change.vlan_id === undefined ? before.vlan_id : change.vlan_id;
    if (type === "vlan" && vlan === null)
      throw InputError.field("vlan_id", null, "A VLAN interface must be connected to a VLAN.");
    const vid = vlan === null ? undefined : await requireVlan(tx, vlan);
    const wish = { type, parents: change.parents ?? before.parents, self: id };
    const parents =
      change.parents !== undefined || (type === "vlan" && change.vlan_id !== undefined)
        ? requireParents(all, vid === undefined ? wish : { ...wish, vid })
        : before.parents.map((parent) => ofNode(all, parent));
    if (change.name !== undefined) requireFreeName(all, change.name, id);
    const from = change.mac === undefined ? undefined : parents.find((parent) => parent.mac === change.mac);
    if (change.mac !== undefined && from === undefined) await requireFreeMac(tx, change.mac, id);
    const { mac, name, mtu, tags, enabled, numa_node, link_connected, interface_speed, link_speed } = change;
    await tx
      .updateTable("interfaces")
      .set({
        name: name ?? before.name,
        ...(mac !== undefined && { mac: from === undefined ? mac : null, mac_from_id: from?.id ?? null }),
        vlan_id: vlan,
        mtu: mtu === undefined ? before.mtu : mtu,
        tags: tags === undefined ? before.tags : [...new Set(tags)],
        enabled: enabled ?? before.enabled,
        numa_node: numa_node ?? before.numa_node,
        link_connected: link_connected ?? before.link_connected,
        interface_speed: interface_speed ?? before.interface_speed,
        link_speed: link_speed ?? before.link_speed,
        params: json({ ...before.params, ...pickParams(type, change) } satisfies InterfaceParams),
        configured: before.configured || change.vlan_id !== undefined,
      })
      .where("id", "=", id)
      .execute();
    // Links are to subnets of the VLAN: they end where that changes.
    if (vlan !== before.vlan_id) {
      await clearLinks(tx, [id]);
      if (node.kind === "machine") await ensureLinkUp(tx, id, vlan);
    }
    if (change.parents !== undefined) await setParents(tx, id, type, parents, vlan);
    else if (type === "bond" && vlan !== before.vlan_id)
      await tx.updateTable("interfaces").set({ vlan_id: vlan }).where("id", "in", before.parents).execute();
    if (mac !== undefined && before.own_mac !== null)
      await tx
        .updateTable("machines")
        .set({ boot_mac: mac })
        .where("id", "=", nodeId)
        .where("boot_mac", "=", before.own_mac)
        .execute();
    await notifyRacks(tx);
    const after = ofNode(await interfacesOf(tx, nodeId, now), id);
    const what = given.map(([field]) => field).join(", ") || "nothing";
    const states = { before: shown(before), after: shown(after), id };
    await tell(tx, node, { caller, now }, `changed ${what} of interface ${before.name} of`, states);
    return after;
  });
}

/** Deletes an interface, and with it those that were made of nothing else. Errors as of `lockNode`; NotFound. */
export async function deleteInterface(
  db: Database,
  nodeId: string,
  specifier: string,
  { caller, now }: By,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, caller);
    const found = await readInterface(tx, nodeId, specifier, now);
    const all = await interfacesOf(tx, nodeId, now);
    await tx.deleteFrom("interfaces").where("id", "in", withDependents(all, found.id)).execute();
    await notifyRacks(tx);
    const states = { before: shown(found), id: found.id };
    await tell(tx, node, { caller, now }, `deleted interface ${found.name} of`, states);
  });
}

/** The interface and what is made of it alone, and so on. */
function withDependents(all: readonly Interface[], id: number): number[] {
  const gone = [id];
  for (const each of gone)
    for (const one of all)
      if (one.parents.includes(each) && !gone.includes(one.id) && one.parents.every((parent) => gone.includes(parent)))
        gone.push(one.id);
  return gone;
}

/** Adds a tag to an interface or takes it off, whatever the machine's status. Errors as of `lockNode`; NotFound. */
export async function tagInterface(
  db: Database,
  nodeId: string,
  specifier: string,
  { add, remove }: { add?: string; remove?: string },
  { caller, now }: By,
): Promise<Interface> {
  return db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, caller, "any status");
    const before = await readInterface(tx, nodeId, specifier, now);
    const kept = before.tags.filter((tag) => tag !== remove && tag !== add);
    const tags = add === undefined ? kept : [...kept, add];
    await tx.updateTable("interfaces").set({ tags }).where("id", "=", before.id).execute();
    const states = { before: { tags: before.tags }, after: { tags }, id: before.id };
    await tell(tx, node, { caller, now }, `changed tags of interface ${before.name} of`, states);
    return { ...before, tags };
  });
}

/** What the audit shows of an interface. */
export const shown = ({ name, type, mac, vlan_id, enabled, mtu, tags, params, parents, links }: Interface) => ({
  name,
  type,
  mac,
  vlan_id,
  enabled,
  mtu,
  tags,
  params,
  parents,
  links: links.map(({ mode, subnet_id, address }) => ({ mode, subnet_id, address })),
});

/** Records a change of an interface in the audit. */
export async function tell(
  tx: Transaction,
  node: Node,
  { caller, now }: By,
  deed: string,
  { before, after, id }: { before?: object; after?: object; id: number },
): Promise<void> {
  await appendAudit(tx, {
    type: "interface.changed",
    at: now,
    actor: caller.username,
    message: `${caller.username} ${deed} ${node.hostname}`,
    ...(node.kind === "machine" && { machine_id: node.id }),
    before: before === undefined ? null : { ...before },
    after: after === undefined ? null : { ...after },
    data: { node: node.id, interface: id },
  });
}

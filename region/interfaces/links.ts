import type { LinkCreate } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import type { LinkMode } from "../database/tables/interfaces.ts";
import { InputError } from "../errors.ts";
import type { By } from "../machines/ask.ts";
import { interfacesOf, readInterface, shown, tell } from "./change.ts";
import { ofNode } from "./checks.ts";
import { clearLinks, ensureLinkUp } from "./link-rows.ts";
import { type Node, lockNode } from "./node.ts";
import { pickAddress, requireUsableAddress } from "./pick-address.ts";
import { type Subnet, readSubnets } from "./subnets.ts";
import type { Interface } from "./read.ts";

type About = { tx: Transaction; node: Node; all: readonly Interface[]; one: Interface };

/** Changes one interface of a locked node, and tells it. */
async function change(
  db: Database,
  [nodeId, specifier]: readonly [string, string],
  by: By,
  deed: string,
  make: (about: About) => Promise<void>,
): Promise<Interface> {
  return db.transaction().execute(async (tx) => {
    const node = await lockNode(tx, nodeId, by.caller);
    const one = await readInterface(tx, nodeId, specifier, by.now);
    const all = await interfacesOf(tx, nodeId, by.now);
    await make({ tx, node, all, one });
    const after = ofNode(await interfacesOf(tx, nodeId, by.now), one.id);
    const states = { before: shown(one), after: shown(after), id: one.id };
    await tell(tx, node, by, `${deed} interface ${one.name} of`, states);
    return after;
  });
}

/**
 * Says how an interface gets an address of a subnet.
 *
 * @throws InputError naming what does not fit, StateConflict where the address is taken, OutsideDown where none is free;
 * errors as of `lockNode`
 */
export async function linkSubnet(
  db: Database,
  nodeId: string,
  specifier: string,
  wanted: LinkCreate,
  by: By,
): Promise<Interface> {
  return change(db, [nodeId, specifier], by, "linked", async ({ tx, node, all, one }) => {
    const subnet = await subnetFor(tx, node, all, one, wanted);
    if (wanted.mode === "link_up") {
      if (one.links.some(({ mode }) => mode !== "link_up") && !wanted.force)
        throw InputError.field("mode", "link_up", "the interface has other links; force replaces them");
      await clearLinks(tx, [one.id]);
    } else await clearPlaceholders(tx, one.id);
    if (subnet !== null && subnet.vlan_id !== one.vlan_id) {
      // Its other links are to subnets of the VLAN it leaves.
      if (one.vlan_id !== null) await clearLinks(tx, [one.id]);
      await tx.updateTable("interfaces").set({ vlan_id: subnet.vlan_id }).where("id", "=", one.id).execute();
    }
    const ip =
      wanted.mode === "static" && subnet !== null ? await setAside(tx, subnet.id, wanted.address, by.now) : null;
    const { id } = await tx
      .insertInto("interface_links")
      .values({ interface_id: one.id, mode: wanted.mode, subnet_id: subnet?.id ?? null, ip_address_id: ip })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.updateTable("interfaces").set({ configured: true }).where("id", "=", one.id).execute();
    if (wanted.default_gateway && subnet !== null) await makeGateway(tx, all, id, subnet);
  });
}

/** The subnet of a wanted link, checked; null where it has none. */
async function subnetFor(
  tx: Transaction,
  node: Node,
  all: readonly Interface[],
  one: Interface,
  { mode, subnet_id, address, default_gateway, force }: LinkCreate,
): Promise<Subnet | null> {
  if (all.some((other) => other.type === "bond" && other.parents.includes(one.id)))
    throw InputError.field("bond", one.name, "Cannot link interface(s) when interface is in a bond.");
  if (node.kind === "device" && (mode === "auto" || mode === "dhcp"))
    throw InputError.field("mode", mode, "must be static or link_up for a device");
  const needs = mode === "auto" || mode === "static";
  if (needs && subnet_id === undefined) throw InputError.field("subnet_id", null, "This field is required.");
  if (address !== undefined && mode !== "static")
    throw InputError.field("address", address, "Only static links have an address of their own.");
  if (mode === "dhcp" && one.links.some((link) => link.mode === "dhcp"))
    throw InputError.field("mode", mode, "Interface is already set to DHCP.");
  if (default_gateway && !needs)
    throw InputError.field("default_gateway", true, "Cannot use in mode 'dhcp' or 'link_up'.");
  if (subnet_id === undefined) return null;
  const subnet = (await readSubnets(tx, [subnet_id])).get(subnet_id);
  if (subnet === undefined) throw InputError.field("subnet_id", subnet_id, "names no subnet there is");
  if (one.vlan_id !== null && subnet.vlan_id !== one.vlan_id && !force)
    throw InputError.field("subnet_id", subnet_id, "must be a subnet of the interface's VLAN, unless force is given");
  if (default_gateway && subnet.gateway === null)
    throw InputError.field("default_gateway", true, "Cannot set as default gateway: the subnet has no gateway.");
  return subnet;
}

/** Links that only bring the interface up go when it gets a real one. */
async function clearPlaceholders(tx: Transaction, interfaceId: number): Promise<void> {
  await tx
    .deleteFrom("interface_links")
    .where("interface_id", "=", interfaceId)
    .where("mode", "=", "link_up")
    .execute();
}

async function setAside(tx: Transaction, subnetId: number, wanted: string | undefined, now: Date) {
  const address =
    wanted === undefined ? await pickAddress(tx, subnetId, now) : await requireUsableAddress(tx, subnetId, wanted, now);
  const { id } = await tx
    .insertInto("ip_addresses")
    .values({ address, subnet_id: subnetId, kind: "static", created_at: now, updated_at: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Makes a link the way out of the node for its family; another one was it until now. */
async function makeGateway(tx: Transaction, all: readonly Interface[], id: number, subnet: Subnet): Promise<void> {
  const links = all.flatMap((one) => one.links);
  const subnets = await readSubnets(
    tx,
    links.flatMap((link) => link.subnet_id ?? []),
  );
  const others = links.filter(
    (link) => link.default_gateway && subnets.get(link.subnet_id ?? 0)?.version === subnet.version,
  );
  if (others.length > 0)
    await tx
      .updateTable("interface_links")
      .set({ default_gateway: false })
      .where(
        "id",
        "in",
        others.map((link) => link.id),
      )
      .execute();
  await tx.updateTable("interface_links").set({ default_gateway: true }).where("id", "=", id).execute();
}

const linksOf = ({ links }: { links: readonly { id: number }[] }): string =>
  links.length === 0 ? "it has none" : `it has ${links.map(({ id }) => id).join(", ")}`;

/** Takes a link off an interface. @throws InputError where the link is not its; errors as of `lockNode` */
export async function unlinkSubnet(
  db: Database,
  nodeId: string,
  specifier: string,
  linkId: number,
  by: By,
): Promise<Interface> {
  return change(db, [nodeId, specifier], by, "unlinked", async ({ tx, node, one }) => {
    if (!one.links.some(({ id }) => id === linkId))
      throw InputError.field("id", linkId, `must be the number of a link of this interface; ${linksOf(one)}`);
    await tx.deleteFrom("interface_links").where("id", "=", linkId).execute();
    await tx.updateTable("interfaces").set({ configured: true }).where("id", "=", one.id).execute();
    if (node.kind === "machine") await ensureLinkUp(tx, one.id, one.vlan_id);
  });
}

/** Takes an interface off its VLAN, with all its links. Errors as of `lockNode`. */
export async function disconnect(db: Database, nodeId: string, specifier: string, by: By): Promise<Interface> {
  return change(db, [nodeId, specifier], by, "disconnected", async ({ tx, one }) => {
    if (one.type === "vlan")
      throw InputError.field("vlan_id", null, "A VLAN interface must be connected to a VLAN; delete it instead.");
    await clearLinks(tx, [one.id]);
    await tx.updateTable("interfaces").set({ vlan_id: null, configured: true }).where("id", "=", one.id).execute();
  });
}

const leadsOut: readonly LinkMode[] = ["auto", "static", "dhcp"];

/**
 * Makes an interface the one by which traffic leaves the machine: by the link given, else by its only one of a family
 * whose subnet has a gateway.
 *
 * @throws InputError where none fits, or it is not clear which; errors as of `lockNode`
 */
export async function setDefaultGateway(
  db: Database,
  nodeId: string,
  specifier: string,
  linkId: number | undefined,
  by: By,
): Promise<Interface> {
  return change(db, [nodeId, specifier], by, "set the default gateway to", async ({ tx, all, one }) => {
    const links = one.links.filter(
      ({ mode, id }) => leadsOut.includes(mode) && (linkId === undefined || id === linkId),
    );
    const subnets = await readSubnets(
      tx,
      links.flatMap((link) => link.subnet_id ?? []),
    );
    const fitting = links.flatMap(({ id, subnet_id }) => {
      const subnet = subnets.get(subnet_id ?? 0);
      return subnet === undefined || subnet.gateway === null ? [] : [{ id, subnet }];
    });
    if (fitting.length === 0 && linkId !== undefined)
      throw InputError.field(
        "link_id",
        linkId,
        `must be the number of a link of this interface whose subnet has a gateway; ${linksOf(one)}`,
      );
    if (fitting.length === 0)
      throw new InputError("This interface has no usable gateways: none of its links is to a subnet with a gateway.");
    for (const { subnet } of fitting)
      if (fitting.filter((other) => other.subnet.version === subnet.version).length > 1)
        throw InputError.field(
          "link_id",
          linkId ?? null,
          "This field is required; Interface has more than one usable gateway.",
        );
    for (const { id, subnet } of fitting) await makeGateway(tx, all, id, subnet);
  });
}

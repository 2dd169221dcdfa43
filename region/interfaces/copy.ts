import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import { InputError } from "../errors.ts";
import { type Interface, loadInterfaces } from "./read.ts";

/** Physical interfaces of the source with those that stand for them: by name, else in their order. */
function paired(source: readonly Interface[], target: readonly Interface[]): [Interface, Interface][] {
  const free = target.filter(({ type }) => type === "physical");
  const cards = source.filter(({ type }) => type === "physical");
  const same = new Map(cards.map((card) => [card.id, free.find(({ name }) => name === card.name)]));
  const taken = new Set([...same.values()].flatMap((one) => one?.id ?? []));
  const others = free.filter(({ id }) => !taken.has(id));
  return cards.map((card): [Interface, Interface] => {
    const other = same.get(card.id) ?? others.shift();
    if (other === undefined)
      throw InputError.field(
        "interfaces",
        undefined,
        `it has only ${free.length} network cards, one for ${card.name} is missing`,
      );
    return [card, other];
  });
}

/**
 * Sets the network of a machine up as that of another one: VLANs, links, bonds, bridges and VLAN interfaces. Addresses are
 * not doubled: where the other one has a fixed address, one is picked. For machines whose rows are locked.
 *
 * @throws InputError where the machine has fewer network cards
 */
export async function copyInterfaces(tx: Transaction, from: string, to: string, now: Date): Promise<void> {
  const all = await loadInterfaces(tx, { nodes: [from, to] }, now);
  const source = (all.get(from) ?? []).filter(({ acquired }) => !acquired);
  const target = all.get(to) ?? [];
  const ids = new Map(paired(source, target).map(([card, other]) => [card.id, other.id]));
  const had = target.map(({ id }) => id);
  if (had.length > 0) await tx.deleteFrom("interface_links").where("interface_id", "in", had).execute();
  await tx.deleteFrom("interfaces").where("machine_id", "=", to).where("type", "<>", "physical").execute();
  for (const one of inOrder(source)) {
    const { vlan_id, enabled, mtu, params, configured } = one;
    const setup = { vlan_id, enabled, mtu, params: json(params), configured };
    const known = ids.get(one.id);
    if (known !== undefined) {
      await tx.updateTable("interfaces").set(setup).where("id", "=", known).execute();
      continue;
    }
    const parents = one.parents.flatMap((id) => ids.get(id) ?? []);
    const { id } = await tx
      .insertInto("interfaces")
      .values({
        ...setup,
        machine_id: to,
        name: one.name,
        type: one.type,
        mac: null,
        mac_from_id: ids.get(one.mac_from_id ?? 0) ?? parents[0] ?? null,
        tags: one.tags,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    ids.set(one.id, id);
    if (parents.length > 0)
      await tx
        .insertInto("interface_parents")
        .values(parents.map((parent_id) => ({ interface_id: id, parent_id })))
        .execute();
  }
  const links = source.flatMap((one) =>
    one.links.map(({ mode, subnet_id, default_gateway }) => ({
      interface_id: ids.get(one.id) ?? 0,
      mode: mode === "static" ? ("auto" as const) : mode,
      subnet_id,
      default_gateway,
    })),
  );
  if (links.length > 0) await tx.insertInto("interface_links").values(links).execute();
}

/** Parents before what is made of them. */
function inOrder(interfaces: readonly Interface[]): Interface[] {
  const done = new Set<number>();
  const ordered: Interface[] = [];
  while (ordered.length < interfaces.length) {
    const next = interfaces.filter((one) => !done.has(one.id) && one.parents.every((id) => done.has(id)));
    if (next.length === 0) break;
    for (const one of next) done.add(one.id);
    ordered.push(...next);
  }
  return ordered;
}

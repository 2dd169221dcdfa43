import { type Inventory, type Twins, twins } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";
import { type Caller, visibleMachines } from "../users/access.ts";
import { type TraitName, type Traits, traitNames, traitsOf } from "./traits.ts";

export type Sibling = { id: string; hostname: string; traits: Traits };

/** Machines named for one property at most. */
const mostDifferent = 100;
const mostValues = 20;

function compareTrait(property: TraitName, siblings: readonly Sibling[]): Twins["properties"][number] {
  const counts = new Map<string, number>();
  for (const { traits } of siblings) counts.set(traits[property], (counts.get(traits[property]) ?? 0) + 1);
  const values = [...counts]
    .map(([value, machines]) => ({ value, machines }))
    .sort((a, b) => b.machines - a.machines || a.value.localeCompare(b.value));
  const first = values[0];
  // Of two that differ nobody knows which is right: two are never more than half of two.
  const majority = first !== undefined && first.machines * 2 > siblings.length ? first.value : null;
  const different = siblings.filter(({ traits }) => traits[property] !== majority);
  const told = different
    .slice(0, mostDifferent)
    .map(({ id, hostname, traits }) => ({ id, hostname, value: traits[property] }));
  return {
    property,
    majority,
    values: values.slice(0, mostValues),
    different: told,
    left_off: different.length - told.length,
  };
}

/** Machines of one model compared, property by property. Pure; the work grows with the number of machines. */
export function compareTwins(model: { vendor: string; product: string }, siblings: readonly Sibling[]): Twins {
  const properties = traitNames.map((property) => compareTrait(property, siblings));
  return {
    ...model,
    machines: siblings.length,
    alike: properties.every(({ different }) => different.length === 0),
    properties,
  };
}

type Row = Omit<Sibling, "traits"> & {
  vendor: string;
  product: string;
  traits: Traits | null;
  inventory: Inventory | null;
};

export const twinsList = declareList("twins", twins, {
  order: ["vendor", "product"],
  // What is alike is found out by comparing inventories.
  fields: { alike: null, properties: null },
});

/**
 * One page of models with two machines or more, filtered and sorted as asked for; else in the order of their names. Each
 * has its machines compared.
 *
 * @throws InputError
 */
export async function listTwins(db: Kysely<Tables>, asked: Asked, viewer: Caller): Promise<Page<Twins>> {
  const models = sql<{ vendor: string; product: string; machines: number }>`
    select vendor, product, count(*) as machines from machines
    where vendor is not null and product is not null and ${visibleMachines(viewer)}
    group by vendor, product having count(*) > 1`;
  const { items: shown, next } = await listPage(db, twinsList, models, asked);
  const [vendors, products] = [shown.map(({ vendor }) => vendor), shown.map(({ product }) => product)];
  const { rows } = await sql<Row>`
    select id, hostname, vendor, product, traits, case when traits is null then inventory end as inventory
    from unnest(${vendors}::text[], ${products}::text[]) with ordinality as shown(vendor, product, n)
      join machines using (vendor, product)
    where ${visibleMachines(viewer)} order by n, id`.execute(db);
  const groups = Map.groupBy(rows, ({ vendor, product }) => `${vendor}\0${product}`);
  const items = [...groups.values()].flatMap((group) => {
    const siblings = group.flatMap(({ id, hostname, traits, inventory }): Sibling[] => {
      // Machines whose inventory is older than this comparison.
      const known = traits ?? (inventory === null ? null : traitsOf(inventory));
      return known === null ? [] : [{ id, hostname, traits: known }];
    });
    const first = group[0];
    return first ? [compareTwins({ vendor: first.vendor, product: first.product }, siblings)] : [];
  });
  return { items, next };
}

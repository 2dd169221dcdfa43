import type { Inventory, Twins } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
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
  more: boolean;
  traits: Traits | null;
  inventory: Inventory | null;
};

const encode = (model: { vendor: string; product: string }): string =>
  Buffer.from(JSON.stringify([model.vendor, model.product])).toString("base64url");

function decode(cursor: string): [string, string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(parsed) && typeof parsed[0] === "string" && typeof parsed[1] === "string") {
      const [vendor, product] = parsed;
      if (![vendor, product].some((text) => text.includes("\0") || !text.isWellFormed())) return [vendor, product];
    }
  } catch {
    // Told below.
  }
  throw InputError.field("cursor", cursor.slice(0, 200), "must be the 'next' of an earlier page");
}

/** One page of models with two machines or more, in the order of their names, each with its machines compared. */
export async function listTwins(
  db: Kysely<Tables>,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  viewer: Caller,
): Promise<{ items: Twins[]; next: string | null }> {
  const after = cursor === undefined ? null : decode(cursor);
  const { rows } = await sql<Row>`
    with models as materialized (
      select vendor, product from machines
      where vendor is not null and product is not null and ${visibleMachines(viewer)}
        and ${after === null ? sql`true` : sql`(vendor, product) > (${after[0]}, ${after[1]})`}
      group by vendor, product having count(*) > 1
      order by vendor, product limit ${limit + 1}
    ), shown as (select vendor, product from models order by vendor, product limit ${limit})
    select id, hostname, vendor, product, traits, case when traits is null then inventory end as inventory,
      (select count(*) from models) > ${limit} as more
    from machines join shown using (vendor, product) where ${visibleMachines(viewer)}
    order by vendor, product, id`.execute(db);
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
  const last = items.at(-1);
  return { items, next: rows[0]?.more === true && last !== undefined ? encode(last) : null };
}

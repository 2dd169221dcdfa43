import { sql } from "kysely";
import { type PlainOrder, type SortKey, sortOf } from "../sort.ts";

/** What lists of machines can be sorted by; in the words of migration 0012, whose indexes would not be used otherwise. */
export const machineOrders = {
  hostname: { expression: sql`(machines.hostname collate "C")`, type: "text" },
  status: { expression: sql`(machines.status collate "C")`, type: "text" },
  status_since: { expression: sql`machines.status_since`, type: "timestamptz" },
  created_at: { expression: sql`machines.created_at`, type: "timestamptz" },
  zone: {
    expression: sql`((select name from zones where zones.id = machines.zone_id) collate "C")`,
    type: "text",
  },
  pool: {
    expression: sql`((select name from pools where pools.id = machines.pool_id) collate "C")`,
    type: "text",
  },
  owner: {
    expression: sql`(coalesce((select username from users where users.id = machines.owner_id), '') collate "C")`,
    type: "text",
  },
  cpu_count: { expression: sql`coalesce(machines.cpu_count, -1)`, type: "bigint" },
  storage: { expression: sql`coalesce(machines.storage, -1)`, type: "bigint" },
  memory: { expression: sql`coalesce(machines.memory, -1)`, type: "bigint" },
} as const satisfies Record<string, SortKey>;
export type MachineOrder = keyof typeof machineOrders;

/** The query parameter `sort` of machines. */
export const machineSort = sortOf<MachineOrder>(machineOrders);

/** The order of machines where nobody asks for another one. */
export const machinePlain: PlainOrder = {
  columns: [{ expression: sql`machines.id`, type: "text" }],
  separator: "",
};

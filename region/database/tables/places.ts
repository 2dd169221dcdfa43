import type { Generated } from "kysely";
import type { Identity } from "./columns.ts";

export interface ZonesTable {
  id: Identity;
  name: string;
  description: Generated<string>;
}

export interface PoolsTable {
  id: Identity;
  name: string;
  description: Generated<string>;
}

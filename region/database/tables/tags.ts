import type { DefinitionKind } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Identity } from "./columns.ts";

export interface TagsTable {
  id: Identity;
  name: string;
  comment: Generated<string>;
  kernel_options: Generated<string>;
  definition: string | null;
  definition_kind: DefinitionKind | null;
}

export interface MachineTagsTable {
  tag_id: number;
  machine_id: string;
}

export interface MachineLshwTable {
  machine_id: string;
  document: string | null;
  problem: string | null;
}

export interface TagQueueTable {
  id: Identity;
  machine_id: string;
  tag_id: number | null;
}

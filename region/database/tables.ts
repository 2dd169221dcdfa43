import type { Json } from "./tables/columns.ts";
import type {
  MachinesTable,
  InterfacesTable,
  MachineCredentialsTable,
  AgentRunsTable,
  InventoriesTable,
  PhaseTimesTable,
} from "./tables/machines.ts";
import type { UsersTable, SshKeysTable, TokensTable, SessionsTable } from "./tables/users.ts";
import type { RacksTable } from "./tables/racks.ts";
import type { SubnetsTable, IpRangesTable, LeasesTable } from "./tables/networks.ts";
import type { ImagesTable } from "./tables/images.ts";
import type {
  ScriptTextsTable,
  ScriptsTable,
  ScriptVersionsTable,
  ScriptSetsTable,
  ScriptResultsTable,
  ScriptStreamsTable,
  ScriptOutputTable,
} from "./tables/scripts.ts";
import type { EventsTable } from "./tables/events.ts";
import type { ZonesTable, PoolsTable } from "./tables/places.ts";
import type { TagsTable, MachineTagsTable, MachineLshwTable, TagQueueTable } from "./tables/tags.ts";

export interface SettingsTable {
  name: string;
  value: Json<unknown>;
}

/** The schema of `migrations/`, by hand; a test compares it with information_schema. */
export interface Tables {
  settings: SettingsTable;
  users: UsersTable;
  ssh_keys: SshKeysTable;
  tokens: TokensTable;
  sessions: SessionsTable;
  racks: RacksTable;
  subnets: SubnetsTable;
  ip_ranges: IpRangesTable;
  images: ImagesTable;
  machines: MachinesTable;
  interfaces: InterfacesTable;
  leases: LeasesTable;
  machine_credentials: MachineCredentialsTable;
  agent_runs: AgentRunsTable;
  script_texts: ScriptTextsTable;
  scripts: ScriptsTable;
  script_versions: ScriptVersionsTable;
  script_sets: ScriptSetsTable;
  script_results: ScriptResultsTable;
  script_streams: ScriptStreamsTable;
  script_output: ScriptOutputTable;
  events: EventsTable;
  phase_times: PhaseTimesTable;
  zones: ZonesTable;
  pools: PoolsTable;
  tags: TagsTable;
  machine_tags: MachineTagsTable;
  machine_lshw: MachineLshwTable;
  tag_queue: TagQueueTable;
  inventories: InventoriesTable;
}

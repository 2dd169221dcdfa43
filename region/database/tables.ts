import type {
  Architecture,
  EventLevel,
  EventType,
  Failure,
  Firmware,
  ImageFile,
  Inventory,
  MachineStatus,
  PowerState,
  RackInterface,
} from "@rackwright/contract";
import type { ColumnType, Generated, GeneratedAlways } from "kysely";

/** jsonb: read as a value, written as text made by `json()`, since the driver would turn an array into a SQL array. */
type Json<T> = ColumnType<T, string, string>;
type JsonOrDefault<T> = ColumnType<T, string | undefined, string>;
/** timestamptz: read as Date. */
type Instant = ColumnType<Date, Date, Date>;
type InstantOrNow = ColumnType<Date, Date | undefined, Date>;
/** bigint identity: read as number (the pool parses int8; every identity here stays far below 2^53). */
type Identity = GeneratedAlways<number>;

export type Progress = { step: string; title: string; percent: number | null };

export interface SettingsTable {
  name: string;
  value: Json<unknown>;
}

export interface UsersTable {
  id: Identity;
  username: string;
  password_hash: string;
  administrator: Generated<boolean>;
  created_at: InstantOrNow;
}

export interface SshKeysTable {
  id: Identity;
  user_id: number;
  key: string;
  created_at: InstantOrNow;
}

export interface TokensTable {
  id: Identity;
  user_id: number;
  name: Generated<string>;
  consumer_key: string;
  token_key: string;
  secret_hash: Buffer;
  created_at: InstantOrNow;
  last_used_at: Instant | null;
}

export interface SessionsTable {
  id_hash: Buffer;
  user_id: number;
  csrf_token: string;
  created_at: InstantOrNow;
  expires_at: Instant;
}

export interface RacksTable {
  id: Identity;
  name: string;
  secret: Buffer;
  version: string | null;
  http_port: number | null;
  interfaces: JsonOrDefault<RackInterface[]>;
  connected_at: Instant | null;
  disconnected_at: Instant | null;
  seen_at: Instant | null;
  boot: string | null;
  events_through: Generated<number>;
  created_at: InstantOrNow;
}

export interface SubnetsTable {
  id: Identity;
  cidr: string;
  gateway: string | null;
  dns_servers: Generated<string[]>;
  ntp_servers: Generated<string[]>;
  mtu: number | null;
  dhcp: Generated<boolean>;
  created_at: InstantOrNow;
}

export interface IpRangesTable {
  id: Identity;
  subnet_id: number;
  kind: "dynamic" | "reserved";
  first: string;
  last: string;
}

export interface ImagesTable {
  name: string;
  architecture: Architecture;
  kind: "bootloader" | "ephemeral" | "deployable";
  title: string;
  os: string;
  release: string;
  recipe: string;
  built_at: Instant;
  files: Json<ImageFile[]>;
  registered_at: InstantOrNow;
}

export interface MachinesTable {
  id: string;
  hostname: string;
  status: MachineStatus;
  previous_status: MachineStatus | null;
  status_since: InstantOrNow;
  waits_for: string | null;
  deadline: Instant | null;
  failure: Json<Failure> | null;
  owner_id: number | null;
  architecture: Architecture | null;
  firmware: Firmware | null;
  uuid: string | null;
  serial: string | null;
  power_driver: "ipmi" | "manual" | null;
  power_parameters: JsonOrDefault<Record<string, string>>;
  power_state: Generated<PowerState>;
  power_checked_at: Instant | null;
  netboot: Generated<boolean>;
  boot_mac: string | null;
  image: string | null;
  user_data: string | null;
  inventory: Json<Inventory> | null;
  progress: Json<Progress> | null;
  generation: Generated<number>;
  created_at: InstantOrNow;
}

export interface InterfacesTable {
  id: Identity;
  machine_id: string;
  name: string;
  mac: string;
  details: JsonOrDefault<Record<string, unknown>>;
}

export interface LeasesTable {
  subnet_id: number;
  address: string;
  mac: string;
  hostname: string | null;
  state: "offered" | "leased" | "declined";
  expires_at: Instant;
  updated_at: InstantOrNow;
}

export interface MachineCredentialsTable {
  machine_id: string;
  consumer_key: string;
  token_key: string;
  token_secret: string;
  created_at: InstantOrNow;
}

export interface AgentRunsTable {
  machine_id: string;
  run: string;
  task: Generated<string>;
  generation: Generated<number>;
  through: Generated<number>;
  updated_at: InstantOrNow;
}

export interface ScriptResultsTable {
  id: Identity;
  machine_id: string;
  name: string;
  exit_status: number;
  runtime: number;
  output: string;
  error: string;
  created_at: InstantOrNow;
}

export interface EventsTable {
  id: Identity;
  at: InstantOrNow;
  type: EventType;
  level: Generated<EventLevel>;
  machine_id: string | null;
  mac: string | null;
  rack: string | null;
  actor: string | null;
  message: string;
  data: JsonOrDefault<Record<string, unknown>>;
  failure: Json<Failure> | null;
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
  script_results: ScriptResultsTable;
  events: EventsTable;
}

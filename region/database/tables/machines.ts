import type {
  Architecture,
  Failure,
  Firmware,
  Inventory,
  MachineStatus,
  PhaseName,
  PowerState,
} from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Traits } from "../../inventory/traits.ts";
import type { Json, JsonOrDefault, Instant, InstantOrNow, Identity } from "./columns.ts";

export type Progress = { step: string; title: string; percent: number | null };

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
  locked: Generated<boolean>;
  unerased: Generated<boolean>;
  installed: Generated<boolean>;
  ephemeral: Generated<boolean>;
  previous_failure: Json<Failure> | null;
  patience: string | null;
  operator_id: number | null;
  keep_on: Generated<boolean>;
  boot_mac: string | null;
  image: string | null;
  user_data: string | null;
  inventory: Json<Inventory> | null;
  zone_id: Generated<number>;
  pool_id: Generated<number>;
  domain_id: Generated<number>;
  description: Generated<string>;
  agent_name: Generated<string>;
  annotations: JsonOrDefault<Record<string, string>>;
  min_hwe_kernel: Generated<string>;
  hwe_kernel: Generated<string>;
  address_ttl: number | null;
  swap_size: number | null;
  enable_hw_sync: Generated<boolean>;
  enable_kernel_crash_dump: Generated<boolean>;
  is_dpu: Generated<boolean>;
  skip_bmc_config: Generated<boolean>;
  stated_cpu_count: number | null;
  stated_memory: number | null;
  /** Generated, of what an operator stated or else of the inventory, as all up to `product`: never written. */
  cpu_count: number | null;
  memory: number | null;
  cpu_speed: number | null;
  hardware_info: Json<Record<string, string>> | null;
  numa_nodes: Json<unknown[]> | null;
  inventoried: boolean | null;
  storage: number | null;
  vendor: string | null;
  product: string | null;
  traits: Json<Traits> | null;
  progress: Json<Progress> | null;
  generation: Generated<number>;
  created_at: InstantOrNow;
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

export interface InventoriesTable {
  id: Identity;
  machine_id: string;
  taken_at: InstantOrNow;
  inventory: Json<Inventory>;
}

export interface PhaseTimesTable {
  id: Identity;
  machine_id: string;
  vendor: Generated<string>;
  product: Generated<string>;
  phase: PhaseName;
  phase_started_at: Instant;
  step: Generated<string>;
  title: string;
  outcome: "ok" | "failed";
  started_at: Instant;
  ended_at: Instant;
  seconds: number;
}

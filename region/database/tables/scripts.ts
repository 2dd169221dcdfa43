import type {
  HardwareType,
  ResultType,
  Script,
  ScriptArgument,
  ScriptPackages,
  ScriptParallel,
  ScriptParameter,
  ScriptStatus,
  ScriptType,
} from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Json, JsonOrDefault, Instant, InstantOrNow, Identity } from "./columns.ts";

export interface ScriptTextsTable {
  sha256: string;
  size: number;
  text: string;
}

export interface ScriptsTable {
  id: Identity;
  name: string;
  type: ScriptType;
  hardware_type: HardwareType;
  title: Generated<string>;
  description: Generated<string>;
  tags: Generated<string[]>;
  timeout: number;
  parallel: ScriptParallel;
  parameters: JsonOrDefault<Record<string, ScriptParameter>>;
  results: JsonOrDefault<Script["results"]>;
  packages: JsonOrDefault<ScriptPackages>;
  for_hardware: Generated<string[]>;
  destructive: Generated<boolean>;
  may_reboot: Generated<boolean>;
  recommission: Generated<boolean>;
  apply_configured_networking: Generated<boolean>;
  builtin: Generated<boolean>;
  sha256: string;
  updated_at: InstantOrNow;
}

export interface ScriptVersionsTable {
  id: Identity;
  script_id: number | null;
  name: string;
  sha256: string;
  comment: Generated<string>;
  created_by: string;
  created_at: InstantOrNow;
}

export interface ScriptSetsTable {
  id: Identity;
  machine_id: string;
  type: ResultType;
  requested: Json<string[]> | null;
  requested_by: string;
  created_at: InstantOrNow;
  closed_at: Instant | null;
}

/** Of a script, as it was when it was asked for. */
export type ScriptSpec = Pick<
  Script,
  "hardware_type" | "parallel" | "timeout" | "packages" | "may_reboot" | "recommission" | "apply_configured_networking"
> & {
  /** Names its result file may use; null: any. */
  results: string[] | null;
  /** Declarations of its parameters. */
  parameters: Record<string, ScriptParameter>;
  size: number;
};

export interface ScriptResultsTable {
  id: Identity;
  set_id: number;
  machine_id: string;
  name: string;
  status: ScriptStatus;
  sha256: string | null;
  spec: Json<ScriptSpec>;
  /** Generated, of `spec`: never written. */
  hardware_type: string | null;
  parameters: JsonOrDefault<Record<string, string>>;
  arguments: Json<ScriptArgument[]> | null;
  device: string | null;
  exit_status: number | null;
  runtime: number | null;
  results: JsonOrDefault<Record<string, unknown>>;
  error: string | null;
  suppressed: Generated<boolean>;
  run: string | null;
  combined: Generated<number>;
  created_at: InstantOrNow;
  started_at: Instant | null;
  ended_at: Instant | null;
}

export interface ScriptStreamsTable {
  result_id: number;
  stream: "out" | "err";
  base: Generated<number>;
  through: Generated<number>;
}

export interface ScriptOutputTable {
  result_id: number;
  stream: "out" | "err";
  position: number;
  size: number;
  combined: number;
  data: Buffer;
}

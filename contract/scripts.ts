import { z } from "zod";
import { instant, sha256, systemId } from "./values.ts";

/** When a script runs: while a machine is commissioned, tested or released. */
export const scriptTypes = ["commissioning", "testing", "release"] as const;
export const scriptType = z.enum(scriptTypes);
export type ScriptType = z.infer<typeof scriptType>;

/** Where a result belongs: to a run of scripts, or to what an installation left behind (logs of cloud-init, curtin). */
export const resultTypes = [...scriptTypes, "installation"] as const;
export const resultType = z.enum(resultTypes);
export type ResultType = z.infer<typeof resultType>;

/** What a script is about; scripts run in this order. */
export const hardwareTypes = ["cpu", "memory", "storage", "network", "gpu", "node"] as const;
export const hardwareType = z.enum(hardwareTypes);
export type HardwareType = z.infer<typeof hardwareType>;

/** `disabled`: alone; `instance`: beside itself for several devices; `any`: beside everything that may. */
export const scriptParallel = z.enum(["disabled", "instance", "any"]);
export type ScriptParallel = z.infer<typeof scriptParallel>;

/** How one run of a script stands, with MAAS's names in lower-case words. */
export const scriptStatuses = [
  "pending",
  "installing dependencies",
  "applying network configuration",
  "running",
  "passed",
  "failed",
  "timed out",
  "aborted",
  "degraded",
  "skipped",
  "failed installing dependencies",
  "failed applying network configuration",
] as const;
export const scriptStatus = z.enum(scriptStatuses);
export type ScriptStatus = z.infer<typeof scriptStatus>;

/** A device a script runs on. The agent finds it by model and serial, then by path, since kernel names move. */
const storageDevice = z.object({
  name: z.string(),
  path: z.string(),
  model: z.string().nullable(),
  serial: z.string().nullable(),
});
const networkDevice = z.object({
  name: z.string(),
  mac: z.string(),
  vendor: z.string().nullable(),
  product: z.string().nullable(),
});

/** A parameter with its value, ready to become arguments of the script. `format` is the header's argument_format. */
export const scriptArgument = z.discriminatedUnion("type", [
  z.object({ name: z.string(), type: z.literal("storage"), value: storageDevice, format: z.string().nullable() }),
  z.object({ name: z.string(), type: z.literal("interface"), value: networkDevice, format: z.string().nullable() }),
  z.object({
    name: z.string(),
    type: z.enum(["url", "runtime", "string", "boolean", "choice", "password"]),
    value: z.string(),
    format: z.string().nullable(),
  }),
]);
export type ScriptArgument = z.infer<typeof scriptArgument>;

export const scriptPackages = z.object({
  apt: z.array(z.string().max(200)).max(100).default([]),
  snap: z
    .array(
      z.object({ name: z.string().max(200), channel: z.string().max(100).optional(), mode: z.string().optional() }),
    )
    .max(100)
    .default([]),
  url: z.array(z.string().max(2000)).max(100).default([]),
});
export type ScriptPackages = z.infer<typeof scriptPackages>;

/** One run of a script that the agent shall carry out. Its text is at `/agent/v1/scripts/<sha256>` of the rack. */
export const scriptRun = z.object({
  result_id: z.int().positive(),
  name: z.string().max(200),
  type: scriptType,
  sha256,
  size: z.int().nonnegative(),
  hardware_type: hardwareType,
  parallel: scriptParallel,
  timeout_seconds: z.int().nonnegative().describe("0: without limit"),
  arguments: z.array(scriptArgument).max(100),
  packages: scriptPackages,
  may_reboot: z.boolean(),
  apply_configured_networking: z.boolean(),
  started: z.boolean().describe("it ran before the machine rebooted: it is started again with HAS_STARTED=True"),
});
export type ScriptRun = z.infer<typeof scriptRun>;

/** Bytes of one stream (standard output, standard error) of a run that are kept; of more, the beginning and the end. */
export const keptOutput = 2 * 1024 * 1024;
/** Bytes of a result file (RESULT_PATH) that are taken; a larger one fails the run with a clear error. */
export const keptResultFile = 256 * 1024;

/** One run of a script as the API shows it. Output is read separately. */
export const scriptResult = z.object({
  id: z.int(),
  set_id: z.int(),
  machine_id: systemId,
  name: z.string(),
  type: resultType,
  hardware_type: hardwareType,
  status: scriptStatus,
  exit_status: z.int().nullable(),
  started_at: instant.nullable(),
  ended_at: instant.nullable(),
  runtime: z.number().nullable().describe("seconds"),
  device: z.string().nullable().describe("disk or interface it ran on"),
  parameters: z.record(z.string(), z.unknown()).describe("passwords are shown as (hidden)"),
  results: z.record(z.string(), z.unknown()).describe("values the script put into its result file"),
  error: z.string().nullable().describe("why it failed, in words"),
  suppressed: z.boolean().describe("an operator decided that this failure does not count"),
});
export type ScriptResult = z.infer<typeof scriptResult>;

/** Characters of a script's text at most. */
export const longestScript = 1024 * 1024;

/** A script's name: it is a file name on the machine, and can be told from an id and from a list of names. */
export const scriptName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, "must be 1 to 100 letters, digits, '_', '.' or '-'")
  .refine((name) => !/^[0-9]+$/.test(name), "must not be a number")
  .refine((name) => name !== "none", "must not be 'none', which stands for no script at all");
export const scriptTag = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}$/, "must be 1 to 100 letters, digits, '_', '.' or '-'");

export const parameterTypes = [
  "storage",
  "interface",
  "url",
  "runtime",
  "string",
  "boolean",
  "choice",
  "password",
] as const;

/** A parameter as a script's header declares it. */
export const scriptParameter = z.object({
  type: z.enum(parameterTypes),
  title: z.string().max(200).optional(),
  description: z.string().max(2000).optional(),
  argument_format: z.string().max(500).optional(),
  default: z.string().max(4000).optional(),
  required: z.boolean(),
  min: z.number().optional(),
  max: z.number().optional(),
  allow_list: z.boolean().optional(),
  choices: z.array(z.string().max(200)).max(100).optional(),
});
export type ScriptParameter = z.infer<typeof scriptParameter>;

export const declaredResult = z.object({ title: z.string().max(200), description: z.string().max(2000) });

/** A script with what its header says. */
export const script = z.object({
  name: scriptName,
  type: scriptType,
  hardware_type: hardwareType,
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  timeout: z.int().describe("seconds; 0: without limit"),
  parallel: scriptParallel,
  parameters: z.record(z.string(), scriptParameter),
  results: z.record(z.string(), declaredResult),
  packages: scriptPackages,
  destructive: z.boolean(),
  may_reboot: z.boolean(),
  recommission: z.boolean(),
  for_hardware: z.array(z.string()),
  apply_configured_networking: z.boolean(),
  builtin: z.boolean().describe("comes with Rackwright: cannot be changed, but copied"),
  sha256: sha256.describe("of the text"),
  size: z.int().describe("bytes of the text"),
  version: z.int().describe("id of the newest version"),
  updated_at: instant,
});
export type Script = z.infer<typeof script>;
export const scriptDetail = script.extend({ text: z.string() });
export type ScriptDetail = z.infer<typeof scriptDetail>;

/** One text a script had. Versions are kept for ever, also those of a deleted script. */
export const scriptVersion = z.object({
  id: z.int(),
  sha256,
  size: z.int(),
  comment: z.string(),
  created_by: z.string(),
  created_at: instant,
});
export type ScriptVersion = z.infer<typeof scriptVersion>;

const scriptText = z.string().max(longestScript);
const scriptComment = z.string().max(2000).describe("why, for the list of versions");
export const scriptUpload = z.strictObject({
  text: scriptText,
  name: scriptName.optional().describe("where the header names none"),
  comment: scriptComment.default(""),
});
export const scriptReplacement = z.strictObject({ text: scriptText, comment: scriptComment.default("") });
/** What can be changed beside the text; a new text brings the rest of its header along. */
export const scriptUpdate = z
  .strictObject({
    title: z.string().max(200).describe("its title, in a few words"),
    description: z.string().max(10_000).describe("what it does"),
    tags: z.array(scriptTag).max(100).describe("tags it can be chosen by; they replace the former ones"),
    timeout: z.int().min(0).max(2_592_000).describe("seconds it may take; 0: without limit"),
  })
  .partial();
export const scriptRevert = z.strictObject({ version: z.int().positive(), comment: scriptComment.optional() });
export const scriptCopy = z.strictObject({ name: scriptName, comment: scriptComment.default("") });

/** Values of parameters: by script, by parameter. */
export const scriptParameters = z.record(
  z.string().max(200),
  z.record(z.string().max(200), z.union([z.string().max(4000), z.number(), z.boolean()])),
);
export type ScriptParameters = z.infer<typeof scriptParameters>;

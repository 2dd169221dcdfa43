import { z } from "zod";
import { failure } from "./failures.ts";
import { scriptStatus } from "./scripts.ts";
import { instant } from "./values.ts";
import { foundBmc } from "./agent-enlist.ts";
import { inventory } from "./inventory.ts";

/** A large server has a hundred thousand; a hundred of each machine are kept. */
const longestInventory = 2_000_000;

const reportBase = { sequence: z.int().nonnegative(), at: instant };
const bounded = z.string().max(1_000_000);

/** Reports stream while the work goes on. `sequence` starts at 0 in each run, so that a repeated batch counts once. */
export const agentReport = z.discriminatedUnion("kind", [
  z.object({
    ...reportBase,
    kind: z.literal("started"),
    task: z.string().max(64),
    agent: z.string().max(200),
    uptime: z.number(),
  }),
  z.object({
    ...reportBase,
    kind: z.literal("step"),
    step: z.string().max(64),
    title: z.string().max(200),
    state: z.enum(["started", "done", "failed"]),
    seconds: z.number().optional(),
    failure: failure.optional(),
  }),
  z.object({
    ...reportBase,
    kind: z.literal("progress"),
    step: z.string().max(64),
    percent: z.number().min(0).max(100),
    message: z.string().max(200),
  }),
  z.object({
    ...reportBase,
    kind: z.literal("inventory"),
    inventory: inventory.refine(
      (found) => JSON.stringify(found).length <= longestInventory,
      `must have at most ${longestInventory} characters as JSON`,
    ),
  }),
  z.object({ ...reportBase, kind: z.literal("bmc"), bmc: foundBmc }),
  z.object({
    ...reportBase,
    kind: z.literal("result"),
    name: z.string().max(100),
    exit_status: z.int(),
    runtime: z.number(),
    output: bounded,
    error: bounded,
  }),
  z.object({
    ...reportBase,
    kind: z.literal("script"),
    result_id: z.int().positive(),
    status: scriptStatus,
    exit_status: z.int().optional(),
    runtime: z.number().optional().describe("seconds, once it ended"),
    error: z.string().max(2000).optional().describe("why it could not run or did not end well, in words"),
    result: bounded.optional().describe("the result file (YAML) the script wrote"),
  }),
  z.object({
    ...reportBase,
    kind: z.literal("output"),
    result_id: z.int().positive(),
    stream: z.enum(["out", "err"]),
    offset: z.int().nonnegative().describe("bytes of this stream before this piece, dropped ones counted"),
    data: z.base64().max(100_000),
  }),
  z.object({ ...reportBase, kind: z.literal("log"), lines: z.array(z.string().max(2000)).max(500) }),
  z.object({ ...reportBase, kind: z.literal("heartbeat") }),
  z.object({
    ...reportBase,
    kind: z.literal("finished"),
    outcome: z.enum(["ok", "failed"]),
    failure: failure.optional(),
  }),
]);
export type AgentReport = z.infer<typeof agentReport>;
export const agentReports = z.object({
  run: z.string().max(64).describe("identity of this run of the agent"),
  reports: z.array(agentReport).min(1).max(1000),
});
export const agentReportsAnswer = z.object({
  through: z.int(),
  stop: z.boolean().describe("the region no longer wants this task done: power off"),
  again: z.boolean().describe("this task is over and there is another one: ask for it instead of powering off"),
});

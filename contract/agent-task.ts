import { z } from "zod";
import { scriptRun } from "./scripts.ts";
import { systemId } from "./values.ts";
import { installPlan } from "./agent-install.ts";

/** What the machine shall do now. */
export const agentTask = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("commission"),
    system_id: systemId,
    configure_bmc: z.boolean(),
    scripts: z.array(scriptRun).max(10_000),
    afterwards: z.enum(["poweroff", "reboot", "stay"]),
  }),
  z.object({
    kind: z.literal("test"),
    system_id: systemId,
    scripts: z.array(scriptRun).max(10_000),
    network: z
      .looseObject({ version: z.literal(2) })
      .nullable()
      .describe("for scripts that want the configured network"),
    afterwards: z.enum(["poweroff", "reboot", "stay"]),
  }),
  z.object({
    kind: z.literal("release"),
    system_id: systemId,
    scripts: z.array(scriptRun).max(10_000),
    afterwards: z.literal("poweroff"),
  }),
  z.object({ kind: z.literal("rescue"), system_id: systemId, afterwards: z.literal("stay") }),
  z.object({ kind: z.literal("install"), system_id: systemId, plan: installPlan, afterwards: z.literal("reboot") }),
  z.object({ kind: z.literal("poweroff"), system_id: systemId, reason: z.string() }),
]);
export type AgentTask = z.infer<typeof agentTask>;

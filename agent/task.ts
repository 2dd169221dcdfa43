import { randomBytes } from "node:crypto";
import type { AgentTask } from "@rackwright/contract";
import { commission } from "./commission.ts";
import { asFailure } from "./failure.ts";
import { install } from "./install/index.ts";
import { blameMemory } from "./memory.ts";
import type { AuthenticatedRack } from "./rack.ts";
import { reporterTo } from "./reporter.ts";
import type { Reporter } from "./reporter.ts";
import { machineContext, runScripts } from "./scripts/index.ts";
import { readText } from "./world.ts";
import type { World } from "./world.ts";

/** What the machine does once its tasks are over. */
export type Afterwards = "poweroff" | "reboot" | "stay";

/** The agent as it runs here. */
export interface Self {
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Says something on the machine's console. */
  readonly echo: (line: string) => void;
}

type Work = Exclude<AgentTask, { kind: "poweroff" }>;

const heartbeatSeconds = 30;

/** Fetches the machine's task and carries it out while reporting, until there is none left; says what comes next. */
export async function runTasks(world: World, rack: AuthenticatedRack, self: Self): Promise<Afterwards> {
  for (;;) {
    const task = await rack.task();
    if (task.kind === "poweroff") {
      self.echo(`powering off: ${task.reason}`);
      return "poweroff";
    }
    const { again, afterwards } = await runTask(world, rack, task, self);
    if (!again) return afterwards;
  }
}

async function runTask(
  world: World,
  rack: AuthenticatedRack,
  task: Work,
  self: Self,
): Promise<{ again: boolean; afterwards: Afterwards }> {
  const reporter = reporterTo(world, rack, randomBytes(8).toString("hex"), self.echo);
  const uptime = Number((await readText(world, "/proc/uptime"))?.split(" ")[0] ?? 0);
  reporter.send({ kind: "started", task: task.kind, agent: self.version, uptime });
  const heart = setInterval(() => reporter.send({ kind: "heartbeat" }), heartbeatSeconds * 1000);
  try {
    await carryOut(world, rack, task, reporter, self);
    const { again } = await reporter.finish("ok");
    if (reporter.signal.aborted) self.echo("the region no longer wants this task");
    return { again, afterwards: reporter.signal.aborted ? "poweroff" : task.afterwards };
  } catch (error) {
    const failure = await blameMemory(world, asFailure(error));
    self.echo(`failed: ${failure.message}`);
    return { ...(await reporter.finish("failed", failure)), afterwards: "poweroff" };
  } finally {
    clearInterval(heart);
  }
}

async function carryOut(
  world: World,
  rack: AuthenticatedRack,
  task: Work,
  reporter: Reporter,
  self: Self,
): Promise<void> {
  switch (task.kind) {
    case "commission":
      return commission(world, reporter, machineContext(world, rack, reporter, self.environment), task, newPassword());
    case "test":
    case "release":
      return runScripts(machineContext(world, rack, reporter, self.environment), task);
    case "rescue":
      // The system itself is what was asked for: it stays up for whoever logs in.
      return;
    case "install":
      return install(world, reporter, rack.url, task.plan);
  }
}

/** A BMC password: 16 letters and digits, the longest that every IPMI version takes. */
export function newPassword(): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
  return [...randomBytes(16)].map((byte) => letters[byte % letters.length]).join("");
}

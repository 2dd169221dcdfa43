import { randomBytes } from "node:crypto";
import type { AgentTask } from "@rackwright/contract";
import { commission } from "./commission.ts";
import { asFailure } from "./failure.ts";
import { install } from "./install/index.ts";
import type { AuthenticatedRack } from "./rack.ts";
import { reporterTo } from "./reporter.ts";
import { readText } from "./world.ts";
import type { World } from "./world.ts";

/** What the machine does once the task is over. */
export type Afterwards = "poweroff" | "reboot" | "stay";

const heartbeatSeconds = 30;

/** Fetches the machine's task, carries it out while reporting, and says what comes next. */
export async function runTask(
  world: World,
  rack: AuthenticatedRack,
  version: string,
  echo: (line: string) => void,
): Promise<Afterwards> {
  const task = await rack.task();
  if (task.kind === "poweroff") {
    echo(`powering off: ${task.reason}`);
    return "poweroff";
  }
  const reporter = reporterTo(world, rack, randomBytes(8).toString("hex"), echo);
  const uptime = Number((await readText(world, "/proc/uptime"))?.split(" ")[0] ?? 0);
  reporter.send({ kind: "started", task: task.kind, agent: version, uptime });
  const heart = setInterval(() => reporter.send({ kind: "heartbeat" }), heartbeatSeconds * 1000);
  try {
    await carryOut(world, rack, task, reporter);
    await reporter.finish("ok");
    return task.afterwards;
  } catch (error) {
    const failure = asFailure(error);
    echo(`failed: ${failure.message}`);
    await reporter.finish("failed", failure);
    return "poweroff";
  } finally {
    clearInterval(heart);
  }
}

async function carryOut(
  world: World,
  rack: AuthenticatedRack,
  task: Exclude<AgentTask, { kind: "poweroff" }>,
  reporter: ReturnType<typeof reporterTo>,
): Promise<void> {
  switch (task.kind) {
    case "commission":
      return commission(world, reporter, { configureBmc: task.configure_bmc, newPassword: newPassword() });
    case "install":
      return install(world, reporter, rack.url, task.plan);
  }
}

/** A BMC password: 16 letters and digits, the longest that every IPMI version takes. */
export function newPassword(): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
  return [...randomBytes(16)].map((byte) => letters[byte % letters.length]).join("");
}

import type { MachineStatus, PhaseName } from "@rackwright/contract";

/** Statuses that are a phase of their own while they last. */
const phases: Readonly<Partial<Record<MachineStatus, PhaseName>>> = {
  commissioning: "commission",
  testing: "test",
  deploying: "deploy",
  releasing: "release",
  "disk erasing": "erase",
  "entering rescue mode": "enter rescue",
  "rescue mode": "rescue",
  "exiting rescue mode": "exit rescue",
  broken: "broken",
};

/** The phase a machine is in while it has this status, or null. */
export function phaseOf(status: string): PhaseName | null {
  return Object.entries(phases).find(([name]) => name === status)?.[1] ?? null;
}

/** Whether a phase that ends with this change of status did what it was begun for. */
export function phaseOutcome(phase: PhaseName, to: string, trigger: string | null): "ok" | "failed" {
  if (to.startsWith("failed") || trigger === "abort") return "failed";
  switch (phase) {
    case "commission":
      return to === "new" ? "failed" : "ok";
    case "deploy":
      return to === "deployed" ? "ok" : "failed";
    case "enter rescue":
      return to === "rescue mode" ? "ok" : "failed";
    case "enlist":
    case "test":
    case "ssh":
    case "release":
    case "erase":
    case "rescue":
    case "exit rescue":
    case "broken":
      return "ok";
  }
}

/** What a timeline is made of: an event, with what of its data tells where a boot or a task stands. */
export type Milestone = {
  at: Date;
  type: string;
  level: string;
  purpose: string | null;
  step: string | null;
  title: string | null;
  state: string | null;
  status: string | null;
  exit_status: number | null;
  result_id: number | null;
  name: string | null;
  /** Seconds: since the kernel began (`agent.started`), or how long a script ran (`agent.result`). */
  uptime: number | null;
  seconds: number | null;
};

export type Step = {
  name: string;
  title: string;
  start: Date;
  /** null: it runs still. */
  end: Date | null;
  outcome: "running" | "ok" | "failed";
};

/** Events `stepsOf` looks at. */
export const milestoneTypes = [
  "power.requested",
  "power.done",
  "power.failed",
  "dhcp.discover",
  "dhcp.ack",
  "boot.decided",
  "agent.started",
  "agent.step",
  "agent.result",
  "agent.finished",
  "cloudinit.progress",
] as const;

/** Steps of a boot, one after the other, with their titles. */
const bootSteps = {
  power: "BMC switches the machine",
  firmware: "Firmware starts",
  dhcp: "Address by DHCP",
  loader: "Boot loader",
  kernel: "Kernel and initrd are fetched",
  system: "System starts",
  reboot: "Restart",
  "cloud-init": "cloud-init",
} as const;
type BootStep = keyof typeof bootSteps;

/** Of a phase no more steps are told: a machine may report without end. */
const mostSteps = 300;

/** The moment so many seconds before another, but not before `first`: what a machine says may be any number. */
function earlier(at: Date, seconds: number, first: Date): Date {
  const start = at.getTime() - Math.max(0, seconds) * 1000;
  return new Date(Math.min(at.getTime(), Math.max(start, first.getTime())));
}

/**
 * The steps of one phase, from what happened between its start and its end, in order of time. What has not ended when
 * the phase does ends with it, and as it did; while the phase runs it runs too. None begins before the phase. Pure.
 */
export function stepsOf(
  events: readonly Milestone[],
  { start: first = new Date(0), end, outcome }: { start?: Date; end: Date | null; outcome: Step["outcome"] },
): Step[] {
  const steps: Step[] = [];
  const tasks = new Map<string, Step>();
  let boot: (Step & { name: BootStep }) | null = null;
  const close = (step: Step, at: Date, how: "ok" | "failed"): void => {
    step.end = at < step.start ? step.start : at;
    step.outcome = how;
  };
  const enter = (name: BootStep, at: Date, how: "ok" | "failed" = "ok"): void => {
    if (boot !== null) close(boot, at, how);
    boot = { name, title: bootSteps[name], start: at, end: null, outcome: "running" };
    steps.push(boot);
  };
  const leave = (at: Date, how: "ok" | "failed" = "ok"): void => {
    if (boot !== null) close(boot, at, how);
    boot = null;
  };
  const open = (): (Step & { name: BootStep }) | null => boot;

  for (const event of [...events].sort((a, b) => a.at.getTime() - b.at.getTime())) {
    const { at } = event;
    const now = open()?.name;
    switch (event.type) {
      case "power.requested":
        enter("power", at);
        break;
      case "power.done":
        // Switched off it starts nothing.
        if (now === "power" && event.state === "off") leave(at);
        else if (now === "power") enter("firmware", at);
        break;
      case "power.failed":
        if (now === "power") leave(at, "failed");
        break;
      case "dhcp.discover":
        // Loaders and kernels ask by DHCP again, and are no new boot.
        if (now === undefined || now === "firmware" || now === "power") enter("dhcp", at);
        break;
      case "dhcp.ack":
        if (now === "dhcp" || now === "firmware") enter("loader", at);
        break;
      case "boot.decided":
        if (event.level === "error") leave(at, "failed");
        else if (event.purpose === "local") enter("cloud-init", at);
        else if (now !== "kernel") enter("kernel", at);
        break;
      case "agent.started": {
        const began = earlier(at, event.uptime ?? 0, open()?.start ?? at);
        if (now === "kernel" && event.uptime !== null) enter("system", began);
        leave(at);
        break;
      }
      case "agent.step":
        task(event);
        break;
      case "agent.result":
        result(event);
        break;
      case "agent.finished":
        leave(at);
        enter("reboot", at);
        break;
      case "cloudinit.progress":
        if (now === "reboot") enter("cloud-init", at);
        break;
    }
  }
  // The machine goes down after its task; only where it comes up again was that a restart.
  const last = steps.at(-1);
  if (end !== null && last !== undefined && last.name === "reboot" && last.end === null) steps.pop();
  if (end !== null && outcome !== "running") for (const step of steps) if (step.end === null) close(step, end, outcome);
  return steps.slice(0, mostSteps);

  function task({ at, step, title, state, result_id }: Milestone): void {
    if (step === null) return;
    const key = result_id === null ? step : String(result_id);
    const name = `${result_id === null ? "agent" : "script"}/${step}`.slice(0, 100);
    const begun = tasks.get(key);
    if (state === "started" && begun === undefined) {
      const opened: Step = { name, title: title ?? step, start: at, end: null, outcome: "running" };
      tasks.set(key, opened);
      steps.push(opened);
    } else if (state !== "started" && begun !== undefined) {
      close(begun, at, state === "failed" ? "failed" : "ok");
      tasks.delete(key);
    }
  }

  function result({ at, name, result_id, status, exit_status, seconds }: Milestone): void {
    const well = status === null ? exit_status === 0 : ["passed", "skipped", "degraded"].includes(status);
    const begun = result_id === null ? undefined : tasks.get(String(result_id));
    const how = well ? "ok" : "failed";
    if (begun !== undefined) {
      close(begun, at, how);
      tasks.delete(String(result_id));
    } else if (name !== null) {
      const start = earlier(at, seconds ?? 0, first);
      steps.push({ name: `script/${name}`.slice(0, 100), title: name, start, end: at, outcome: how });
    }
  }
}

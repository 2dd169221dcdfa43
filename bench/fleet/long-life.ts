import { CliError } from "@rackwright/cli";
import { type Failure, type Machine, machineDetail, type MachineStatus } from "@rackwright/contract";
import { macOf } from "@rackwright/lab";
import type { FleetSite } from "./site.ts";
import type { Table } from "./table.ts";

/** One thing asked of a machine: where it stands before, and where it ends well. */
export interface Step {
  readonly action: string;
  readonly body?: unknown;
  readonly from: MachineStatus;
  readonly to: MachineStatus;
}

/** How a life ended: through all its steps, with a failure, or with nothing happening any more. */
export interface LongLifeEnd {
  readonly number: number;
  readonly kind: "done" | "failed" | "stuck";
  readonly step: string;
  readonly failure: Failure | null;
  /** What was last known, in words. */
  readonly last: string;
}

const deploy: Step = { action: "deploy", body: { image: "debian-12" }, from: "ready", to: "deployed" };
const tests: Step = { action: "test", from: "ready", to: "ready" };
const rescue: readonly Step[] = [
  { action: "rescue_mode", from: "deployed", to: "rescue mode" },
  { action: "exit_rescue_mode", from: "rescue mode", to: "deployed" },
];
const releases: readonly Step[] = [undefined, { erase: true }, { quick_erase: true }].map((body) => ({
  action: "release",
  body,
  from: "deployed",
  to: "ready",
}));

/** What is asked of a machine once it is enlisted and ready: of every machine its life, of some tests and rescue too. */
export function stepsOf(number: number): Step[] {
  const release = releases[number % releases.length];
  return [
    ...(number % 4 === 1 ? [tests] : []),
    deploy,
    ...(number % 4 === 2 ? rescue : []),
    ...(release ? [release] : []),
  ];
}

/** Exit statuses of a client whose request may or may not have been taken: nobody answered, or the region failed. */
const uncertain: readonly number[] = [3, 4];

/**
 * Takes a machine through a long life by the API, as a careful client of a region that may die at any moment does: where
 * no answer came, it looks what became of the machine before it asks again.
 * @param patience seconds a step may take before the machine counts as stuck
 */
export async function liveLong(
  number: number,
  { site, table, patience }: { site: FleetSite; table: Table; patience: number },
): Promise<LongLifeEnd> {
  const mac = macOf(number);
  const known: { machine: Machine | undefined } = { machine: undefined };
  const end = (kind: LongLifeEnd["kind"], step: string, why = ""): LongLifeEnd => {
    const { status = "never seen", failure = null, waits_for = null } = known.machine ?? {};
    return { number, kind, step, failure, last: [status, waits_for, why].filter((one) => one).join(", ") };
  };
  const look = async (): Promise<Machine | undefined> => (known.machine = await table.look(mac, patience));

  /** Looks until the machine is where it shall be; undefined once it is. */
  const reach = async (step: string, status: MachineStatus): Promise<LongLifeEnd | undefined> => {
    for (const until = performance.now() + patience * 1000; performance.now() < until;) {
      const machine = await look();
      if (machine?.status === status && machine.deadline === null) return undefined;
      if (machine?.failure) return end("failed", step);
    }
    return end("stuck", step);
  };
  const ask = async ({ action, body, from }: Step): Promise<LongLifeEnd | undefined> => {
    for (const until = performance.now() + patience * 1000; performance.now() < until;) {
      try {
        await site.client.send("POST", `/api/v1/machines/${known.machine?.id}/${action}`, body, machineDetail);
        return undefined;
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        if ((await look())?.status !== from) return undefined;
        if (!uncertain.includes(error.exitCode)) return end("stuck", action, `refused: ${error.message}`);
      }
    }
    return end("stuck", action, "nobody took the request");
  };

  site.fleet.press(number, "on");
  const lost = await reach("commission", "ready");
  if (lost) return lost;
  for (const step of stepsOf(number)) {
    const ended = (await ask(step)) ?? (await reach(step.action, step.to));
    if (ended) return ended;
  }
  return end("done", "end");
}

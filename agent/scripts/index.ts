import type { AgentTask, ScriptRun } from "@rackwright/contract";
import type { ScriptContext } from "./context.ts";
import { applyNetwork } from "./network.ts";
import { inOrder } from "./order.ts";
import { runScript } from "./run-script.ts";

export { machineContext } from "./context.ts";
export type { ScriptContext } from "./context.ts";

/** A task that brings scripts. */
export type ScriptTask = Extract<AgentTask, { scripts: ScriptRun[] }>;

const titles: Readonly<Record<ScriptTask["kind"], string>> = {
  commission: "Running commissioning scripts",
  test: "Running tests",
  release: "Running release scripts",
};

/**
 * Runs the scripts of a task, then asks the region for more until it has none: what commissioning found may call for
 * further scripts. A script that fails stops nothing; the region judges. Ends early when the region no longer wants this.
 * `anew` is called when the region has scripts repeated, because one of them changed what the machine is made of.
 */
export async function runScripts(
  context: ScriptContext,
  task: ScriptTask,
  anew: () => Promise<void> = async () => undefined,
): Promise<void> {
  const done = new Set<number>();
  const names = new Set<string>();
  const freshOf = ({ scripts }: ScriptTask): ScriptRun[] => scripts.filter((run) => !done.has(run.result_id));
  const ask = async (): Promise<ScriptTask | null> => {
    await context.reporter.drain();
    const next = await context.rack.task();
    return next.kind === task.kind ? next : null;
  };
  for (let now: ScriptTask | null = task; ;) {
    if (freshOf(now).some((run) => names.has(run.name))) {
      await anew();
      // Other devices call for other runs than those told before.
      now = await ask();
      if (now === null || context.signal.aborted) return;
    }
    const fresh = freshOf(now);
    if (fresh.length > 0) await runRound(context, now, fresh);
    for (const run of fresh) {
      done.add(run.result_id);
      names.add(run.name);
    }
    if (context.signal.aborted) return;
    now = await ask();
    if (now === null || freshOf(now).length === 0) return;
  }
}

async function runRound(context: ScriptContext, task: ScriptTask, runs: readonly ScriptRun[]): Promise<void> {
  const network = configuredNetwork(context, "network" in task ? task.network : null);
  await context.reporter.step("scripts", titles[task.kind], async (progress) => {
    let ended = 0;
    try {
      for (const group of inOrder(runs)) {
        if (context.signal.aborted) return;
        progress((100 * ended) / runs.length, [...new Set(group.map((run) => run.name))].join(", "));
        // Nothing shares the network with a script that has it changed.
        const configured = network.exists ? group.filter((run) => run.apply_configured_networking) : [];
        const plain = group.filter((run) => !configured.includes(run));
        if (plain.length > 0) await network.restore();
        await Promise.all(plain.map((run) => runScript(context, run, null)));
        const problem = configured.length > 0 ? await network.apply(configured) : null;
        await Promise.all(configured.map((run) => runScript(context, run, problem)));
        ended += group.length;
      }
    } finally {
      await network.restore();
    }
    progress(100, "done");
  });
}

interface ConfiguredNetwork {
  readonly exists: boolean;
  /** Has the configured network in place for these runs; why not, where that fails. */
  apply(runs: readonly ScriptRun[]): Promise<string | null>;
  /** Brings the network back that the machine booted with. */
  restore(): Promise<void>;
}

/** The network that scripts may ask for. It stays in place from one such group of scripts to the next. */
function configuredNetwork(context: ScriptContext, configuration: object | null): ConfiguredNetwork {
  let undo: (() => Promise<void>) | null = null;
  return {
    exists: configuration !== null,
    apply: async (runs) => {
      if (undo !== null || configuration === null) return null;
      for (const run of runs) {
        const status = "applying network configuration";
        context.reporter.send({ kind: "script", result_id: run.result_id, status });
      }
      // The region may be out of reach for a while.
      await context.reporter.drain();
      try {
        undo = await applyNetwork(context.world, configuration);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    restore: async () => {
      await undo?.();
      undo = null;
    },
  };
}

import type { Command } from "commander";
import { showPlan } from "../api/show.ts";
import { askAll, askOne, chosen, report, tryAll, tryOne } from "../bulk.ts";
import { clientOf, withTarget, withTrial } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { waitForRest } from "../wait.ts";
import { showMachines } from "./machines.ts";

export type Options = CommonOptions & { filter?: string; comment?: string; wait?: boolean; dryRun?: boolean };
export type Body = Record<string, unknown>;

/** Actions that take nothing but a comment; those that take time can be waited for. */
export const plain: readonly (readonly [verb: string, description: string, takesTime?: "takes time"])[] = [
  ["abort", "end what machines are doing, and switch them off", "takes time"],
  ["rescue-mode", "boot the ephemeral system with an ssh login, to repair what is on the disks", "takes time"],
  ["exit-rescue-mode", "leave rescue mode: back to what the machines were", "takes time"],
  ["override-failed-testing", "use machines although their tests failed"],
  ["mark-broken", "keep machines from being used"],
  ["mark-fixed", "let broken machines be used again"],
  ["lock", "let nothing be asked of machines until they are unlocked"],
  ["unlock", "let actions be asked of machines again"],
];

/** Actions whose route for one machine answers with the machine. */
const oneByOne = new Set(
  ["commission", "test", "deploy", "release", ...plain.map(([name]) => name)].map((name) => name.replaceAll("-", "_")),
);

export type MachineVerbs = ReturnType<typeof machineVerbs>;

/**
 * What the verbs that act on machines are made with: `verb` takes machines or a filter, `action` also a comment, `long`
 * also whether to wait; `perform` asks it of one machine or of many and reports.
 */
export function machineVerbs(machines: Command, context: Context) {
  const verb = (name: string, description: string): Command =>
    withTarget(
      withTrial(
        machines
          .command(`${name} [machine...]`)
          .description(description)
          .option("--filter <filter>", "all machines this filter finds, as with 'machines list --filter'"),
      ),
    );
  const action = (name: string, description: string): Command =>
    verb(name, description).option("--comment <text>", "why, for the events");
  const long = (name: string, description: string): Command =>
    action(name, description).option("--wait", "wait until it is done, and fail where a machine failed");
  const perform = async (names: string[], options: Options, verbName: string, body: Body): Promise<void> => {
    const client = clientOf(context, options);
    const found = await chosen(client, names, options.filter);
    const request = { ...body, ...(options.comment === undefined ? {} : { comment: options.comment }) };
    const name = verbName.replaceAll("-", "_");
    const [only] = found;
    if (options.dryRun) {
      const alone = found.length === 1 && only !== undefined && oneByOne.has(name);
      for (const told of alone
        ? [await tryOne(client, only, name, request)]
        : await tryAll(client, found, { action: name, options: request }))
        showPlan(context.terminal, options.json, told);
      return;
    }
    if (found.length === 1 && only !== undefined && oneByOne.has(name)) {
      const after = await askOne(client, only, name, request);
      if (!options.wait) return showMachines(context, options.json, [after]);
      const { id, hostname, status } = after;
      const outcome = { id, hostname, status, ok: true, code: null, error: null, next: null };
      return report(context, options.json, await waitForRest(context, client, [outcome]));
    }
    const outcomes = await askAll(client, found, { action: name, options: request });
    report(context, options.json, options.wait ? await waitForRest(context, client, outcomes) : outcomes);
  };
  return { verb, action, long, perform };
}

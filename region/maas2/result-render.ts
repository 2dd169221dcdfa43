import type { ScriptSet, SetResult, WholeOutput } from "../scripts/index.ts";
import { clockTime, mailTime } from "./common.ts";
import { aggregate, resultWords } from "./result-status.ts";
import { resultTypeWords } from "./script-words.ts";

const mailTimeOrNull = (at: Date | null) => (at === null ? null : mailTime(at));
const seconds = (from: Date | null, to: Date | null) =>
  from === null || to === null ? null : (to.getTime() - from.getTime()) / 1000;
const span = (value: number | null) => (value === null ? "" : clockTime(value));
const epoch = (at: Date | null) => (at === null ? "" : at.getTime() / 1000);

/** The result file of a run as its script wrote it: YAML, of which JSON is a part. Empty where it wrote none. */
export function resultFile({ results }: Pick<SetResult, "results">): Buffer {
  return Object.keys(results).length === 0 ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify({ results }, null, 2)}\n`);
}

/** One run as MAAS shows it, with what it wrote where that was asked for. */
export function renderResult(result: SetResult, output?: WholeOutput) {
  const { id, name, status, exit_status, created_at, started_at, ended_at, suppressed, parameters } = result;
  return {
    id,
    created: mailTime(created_at),
    updated: mailTime(ended_at ?? started_at ?? created_at),
    name,
    status: resultWords[status].code,
    status_name: resultWords[status].name,
    exit_status,
    started: mailTimeOrNull(started_at),
    ended: mailTimeOrNull(ended_at),
    runtime: span(result.runtime ?? seconds(started_at, ended_at)),
    starttime: epoch(started_at),
    endtime: epoch(ended_at),
    estimated_runtime: result.spec.timeout > 0 ? clockTime(result.spec.timeout) : "Unknown",
    parameters,
    script_id: result.script_id,
    script_revision_id: result.version,
    suppressed,
    ...(output && {
      output: output.combined.toString("base64"),
      stdout: output.out.toString("base64"),
      stderr: output.err.toString("base64"),
      result: resultFile(result).toString("base64"),
    }),
  };
}

/** Scripts that ran together on a machine, as MAAS shows them. */
export function renderSet(set: ScriptSet, outputs?: (id: number) => WholeOutput) {
  const { id, machine_id, type, results } = set;
  const counting = results.filter(({ suppressed }) => !suppressed);
  const status = aggregate((counting.length === 0 ? results : counting).map((result) => result.status));
  const started = earliest(results.map(({ started_at }) => started_at));
  const open = results.some(({ ended_at }) => ended_at === null);
  const ended = open ? null : latest(results.map(({ ended_at }) => ended_at));
  return {
    id,
    system_id: machine_id,
    type: resultTypeWords[type].code,
    type_name: resultTypeWords[type].name,
    last_ping: mailTimeOrNull(latest(results.map(({ started_at, ended_at }) => ended_at ?? started_at))),
    status: status.code,
    status_name: status.name,
    started: mailTimeOrNull(started),
    ended: mailTimeOrNull(ended),
    runtime: span(seconds(started, ended)),
    suppressed: results.length > 0 && results.every(({ suppressed }) => suppressed),
    results: results.map((result) => renderResult(result, outputs?.(result.id))),
    resource_uri: `/MAAS/api/2.0/nodes/${machine_id}/results/${id}/`,
  };
}

const times = (all: readonly (Date | null)[]) => all.flatMap((at) => at?.getTime() ?? []);
function earliest(all: readonly (Date | null)[]): Date | null {
  const found = times(all);
  return found.length === 0 ? null : new Date(Math.min(...found));
}
function latest(all: readonly (Date | null)[]): Date | null {
  const found = times(all);
  return found.length === 0 ? null : new Date(Math.max(...found));
}

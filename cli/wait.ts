import { machine } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import type { Outcome } from "./bulk.ts";
import type { ApiClient } from "./client.ts";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";
import { counted } from "./words.ts";

/** Ids in one filter: it may have two thousand characters. */
const perQuery = 200;
const pauseMilliseconds = 1000;
/** How long nobody may answer, as while a region starts anew. */
const patienceSeconds = 120;

/**
 * Waits until machines do nothing any more, and tells as they come to rest; each status with an end has a deadline, so
 * the wait ends. Whoever failed meanwhile is not `ok` any more.
 */
export async function waitForRest(
  { terminal, interrupted }: Context,
  client: ApiClient,
  outcomes: readonly Outcome[],
): Promise<Outcome[]> {
  const ended = new Map<string, Machine | null>();
  const asked = outcomes.filter(({ ok }) => ok);
  let answered = Date.now();
  let told = "";
  while (ended.size < asked.length) {
    if (interrupted.aborted) throw new CliError("Not waited to the end.", "The machines go on with what they do.", 130);
    const waiting = asked.filter(({ id }) => !ended.has(id));
    try {
      const now = await read(client, waiting);
      answered = Date.now();
      for (const { id, hostname } of waiting) {
        const one = now.get(id) ?? null;
        if (one !== null && one.waits_for !== null) continue;
        ended.set(id, one);
        if (asked.length > 1) terminal.say(`${hostname}: ${one?.failure?.message ?? one?.status ?? "is gone"}`);
      }
      const line = progressLine([...now.values()], ended.size, asked.length);
      if (line !== told) terminal.progress(line);
      told = line;
    } catch (error) {
      if (interrupted.aborted) continue;
      const late = Date.now() - answered > patienceSeconds * 1000;
      if (late || !(error instanceof CliError) || error.exitCode < 3) throw error;
      terminal.progress(`${error.message} Asking again …`);
    }
    if (ended.size < asked.length) await pause(interrupted);
  }
  terminal.progress("");
  return outcomes.map((outcome) => (ended.has(outcome.id) ? settled(outcome, ended.get(outcome.id) ?? null) : outcome));
}

function settled(outcome: Outcome, now: Machine | null): Outcome {
  const failure = now?.failure ?? null;
  const status = now?.status ?? null;
  if (failure === null) return { ...outcome, status };
  const { code, message, next } = failure;
  return { ...outcome, status, ok: false, failed: true, code, error: message, next };
}

async function read(client: ApiClient, wanted: readonly Outcome[]): Promise<Map<string, Machine>> {
  const found = new Map<string, Machine>();
  for (let at = 0; at < wanted.length; at += perQuery) {
    const ids = wanted.slice(at, at + perQuery).map(({ id }) => id);
    const query = new URLSearchParams({ limit: "1000", filter: `id:${ids.join(",")}` });
    for await (const one of client.all(`/api/v1/machines?${query.toString()}`, machine)) found.set(one.id, one);
  }
  return found;
}

function progressLine(machines: readonly Machine[], ended: number, all: number): string {
  const busy = machines.find(({ progress }) => progress !== null) ?? machines[0];
  const { title, percent } = busy?.progress ?? { title: busy?.waits_for ?? "", percent: null };
  const step =
    busy === undefined ? "" : `${busy.hostname}: ${title}${percent === null ? "" : ` ${Math.round(percent)}%`}`;
  return all === 1 ? step : `${ended} of ${counted(all, "machine")} at rest; ${step}`;
}

function pause(interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMilliseconds);
    interrupted.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

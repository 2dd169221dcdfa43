import { badInput, bulkResult, machine, machineDetail, plan } from "@rackwright/contract";
import type { BulkResult, Machine, Plan } from "@rackwright/contract";
import type { ApiClient } from "./client.ts";
import type { Context } from "./context.ts";
import { CliError } from "./errors.ts";
import { findMachines } from "./find.ts";
import { showList } from "./terminal.ts";
import { counted } from "./words.ts";

/** What became of one machine: as the API answers, and `ok` also fails where a wait ended in failure. */
export type Outcome = BulkResult["items"][number] & { readonly hostname: string; readonly failed?: boolean };

/** One request names at most this many machines. */
const perRequest = 1000;

/** The machines that names or a filter mean, each once. */
export async function chosen(
  client: ApiClient,
  names: readonly string[],
  filter: string | undefined,
): Promise<Machine[]> {
  if (filter === undefined && names.length === 0)
    throw new CliError("No machine was named.", "Name machines, or choose them with --filter.", 2);
  if (filter?.trim() === "")
    throw new CliError("--filter is empty.", "For all machines write --filter 'hostname:*'.", 2);
  const found = new Map((await findMachines(client, names)).map((one) => [one.id, one]));
  if (filter !== undefined) {
    const query = new URLSearchParams({ limit: "1000", filter });
    for await (const one of client.all(`/api/v1/machines?${query.toString()}`, machine)) found.set(one.id, one);
  }
  return [...found.values()];
}

/** Asks many machines the same, in requests of a thousand. */
export async function askAll(
  client: ApiClient,
  machines: readonly Machine[],
  request: { action: string; options: Readonly<Record<string, unknown>> },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < machines.length; at += perRequest) {
    const ids = machines.slice(at, at + perRequest).map(({ id }) => id);
    const answer = await client.send("POST", "/api/v1/machines/bulk", { machines: ids, ...request }, bulkResult);
    outcomes.push(...withNames(answer.items, machines));
  }
  return outcomes;
}

/** What asking many machines would do, and does not. */
export async function tryAll(
  client: ApiClient,
  machines: readonly Machine[],
  request: { action: string; options: Readonly<Record<string, unknown>> },
): Promise<Plan[]> {
  const plans: Plan[] = [];
  for (let at = 0; at < machines.length; at += perRequest) {
    const body = { machines: machines.slice(at, at + perRequest).map(({ id }) => id), ...request };
    plans.push(await client.send("POST", "/api/v1/machines/bulk?dry_run=true", body, plan));
  }
  return plans;
}

/** What asking one machine would do, and does not. @throws CliError with the region's refusal */
export async function tryOne(client: ApiClient, { id }: Machine, action: string, body: unknown): Promise<Plan> {
  return client.send("POST", `/api/v1/machines/${id}/${action}?dry_run=true`, body, plan);
}

/** Items of a bulk answer with the names of their machines. */
export function withNames(items: BulkResult["items"], machines: readonly Machine[]): Outcome[] {
  const names = new Map(machines.map(({ id, hostname }) => [id, hostname]));
  return items.map((item) => ({ ...item, hostname: names.get(item.id) ?? item.id }));
}

/** Asks one machine. @throws CliError with the region's refusal */
export async function askOne(client: ApiClient, { id }: Machine, action: string, body: unknown): Promise<Machine> {
  return client.send("POST", `/api/v1/machines/${id}/${action}`, body, machineDetail);
}

/**
 * Prints what became of each machine, then each reason with the machines it holds for.
 *
 * @throws CliError when one of them refused or failed
 */
export function report({ terminal }: Context, json: boolean | undefined, outcomes: readonly Outcome[]): void {
  const bad = outcomes.filter(({ ok }) => !ok);
  const [only] = bad;
  if (!json && only !== undefined && outcomes.length === 1)
    throw new CliError(
      only.error ?? `${only.hostname} did not do it.`,
      adviceOf(only) ?? (only.code === badInput.code ? "See --help of this command." : ""),
      only.failed ? 1 : 2,
      only.code ?? undefined,
    );
  if (json) {
    const items = outcomes.map(({ id, ok, status, code, error, next }) => ({ id, ok, status, code, error, next }));
    terminal.print(JSON.stringify({ done: outcomes.length - bad.length, items }));
  } else {
    const rows = outcomes.map(({ id, hostname, ok, status, failed }) => [
      id,
      hostname,
      ok ? "done" : failed ? "failed" : "refused",
      status ?? "gone",
    ]);
    showList(terminal, ["id", "hostname", "result", "status"], rows, "No machine is like that: nothing was asked.");
    for (const line of reasons(bad)) terminal.print(line);
  }
  if (bad.length > 0)
    throw new CliError(
      `${bad.length} of ${counted(outcomes.length, "machine")} did not do it.`,
      json ? "See the items that are not ok." : "See the reasons above.",
    );
}

/** Every reason once, with what to do and the machines it holds for. */
export function reasons(outcomes: readonly Outcome[]): string[] {
  const groups = Map.groupBy(outcomes, (one) =>
    [one.error, adviceOf(one)].filter(Boolean).join("\n  ").replaceAll(one.hostname, "…"),
  );
  return [...groups].flatMap(([reason, members]) => [
    "",
    `${members.map(({ hostname }) => hostname).join(", ")}:`,
    `  ${reason}`,
  ]);
}

/** Fields of the API are options here: what to do about them is no help. */
const adviceOf = ({ code, next }: Outcome): string | null =>
  code === badInput.code && next === badInput.next ? null : next;

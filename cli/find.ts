import { machine, nearest } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import type { ApiClient } from "./client.ts";
import { CliError } from "./errors.ts";

/** Above this many names all machines are read once, instead of searching for each. */
const searched = 5;

const means = (one: Machine, name: string): boolean =>
  one.id === name || one.hostname === name || one.macs.includes(name.toLowerCase());

/** Finds a machine by system id, hostname or MAC address. @throws CliError that tells the nearest name */
export async function findMachine(client: ApiClient, name: string): Promise<Machine> {
  if (name !== "")
    for await (const candidate of client.all(`/api/v1/machines?limit=1000&q=${encodeURIComponent(name)}`, machine))
      if (means(candidate, name)) return candidate;
  throw unknown(name, await allMachines(client));
}

/** Finds several machines. @throws CliError for the first name that means none */
export async function findMachines(client: ApiClient, names: readonly string[]): Promise<Machine[]> {
  const wanted = [...new Set(names)];
  const found: Machine[] = [];
  const known = wanted.length > searched ? await allMachines(client) : undefined;
  for (const name of wanted) {
    const one = known === undefined ? await findMachine(client, name) : known.find((each) => means(each, name));
    if (one === undefined) throw unknown(name, known ?? []);
    if (found.every(({ id }) => id !== one.id)) found.push(one);
  }
  return found;
}

const allMachines = (client: ApiClient): Promise<Machine[]> =>
  Array.fromAsync(client.all("/api/v1/machines?limit=1000", machine));

function unknown(name: string, known: readonly Machine[]): CliError {
  const near = nearest(
    name,
    known.flatMap(({ id, hostname, macs }) => [hostname, id, ...macs]),
  );
  const advice = "See 'rackwright machines list'; a system id, hostname or MAC address names one.";
  return new CliError(
    `There is no machine '${name}'.`,
    near === undefined ? advice : `Did you mean ${near}? ${advice}`,
    2,
  );
}

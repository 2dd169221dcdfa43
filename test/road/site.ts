import { execFile } from "node:child_process";
import { chmod, glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { placesFrom, rangeOf, serveDhcp, startControllers } from "@rackwright/cli";
import type { Controllers } from "@rackwright/cli";
import { event, machine } from "@rackwright/contract";
import type { Event, Machine } from "@rackwright/contract";
import { createLab } from "@rackwright/lab";
import type { Lab } from "@rackwright/lab";
import { z } from "zod";

const run = promisify(execFile);

/** A whole site for a test: a lab, and region, rack and database serving it. */
export interface Site extends AsyncDisposable {
  readonly lab: Lab;
  readonly controllers: Controllers;
  readonly state: string;
  /** `ipmitool` towards a machine's BMC, from inside the lab. */
  ipmitool(machine: string, ...command: string[]): Promise<string>;
  machines(): Promise<Machine[]>;
  events(query: string): Promise<Event[]>;
  /** Asks every half second until `test` gives something; fails after `seconds`, or when the site ends, with `what`. */
  until<T>(what: string, seconds: number, test: () => Promise<T | undefined>): Promise<T>;
  /** Kills a process of the controllers with signal 9. */
  kill(name: "region" | "rack" | "postgres"): Promise<void>;
  /** The process that runs as region, rack or PostgreSQL now. */
  pid(name: "region" | "rack" | "postgres"): Promise<number>;
}

/** What a test makes of the world between the lab and the controllers; `stack` is unwound after both have ended. */
export type Prepare = (parts: { lab: Lab; state: string; stack: AsyncDisposableStack }) => Promise<void>;

async function postmasterPid(state: string): Promise<number> {
  for await (const file of glob("**/postmaster.pid", { cwd: state })) {
    return Number((await readFile(join(state, file), "utf8")).split("\n")[0]);
  }
  throw new Error(`no postmaster.pid below ${state}`);
}

/** The program below `setpriv` and `ip netns exec`, which both replace themselves: the child's pid is the program's. */
function pidOf(controllers: Controllers, name: "region" | "rack"): number {
  const pid = controllers[name].pid();
  if (pid === undefined) throw new Error(`${name} is not running`);
  return pid;
}

export async function openSite(options: {
  name: string;
  firmware: "bios" | "uefi";
  machines: number;
  port: number;
  /** Folder of images and package archives in place of the host's. Relative to the state folder. */
  cache?: string;
  prepare?: Prepare;
}): Promise<Site> {
  const state = await mkdtemp(join(tmpdir(), `rackwright-${options.name}-`));
  await chmod(state, 0o711);
  const ended = new AbortController();
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(state, { recursive: true, force: true }));
  try {
    const lab = await createLab({
      name: options.name,
      stateDirectory: join(state, "lab"),
      machines: options.machines,
      firmware: options.firmware,
      memoryMiB: 1536,
      bmcUser: "admin",
    });
    stack.defer(async () => void (await lab.down()));
    await options.prepare?.({ lab, state, stack });
    const { cache } = options;
    const environment = cache === undefined ? process.env : { ...process.env, RACKWRIGHT_CACHE: join(state, cache) };
    const controllers = await startControllers({
      places: placesFrom(state, environment),
      port: options.port,
      listen: "127.0.0.1",
      rackNamespace: lab.namespace,
      interfaces: [lab.rackInterface],
      onProblem: () => undefined,
    });
    stack.defer(() => controllers.stop());
    const { client } = controllers;
    await serveDhcp(client, rangeOf(lab.subnet));
    const pid = async (name: "region" | "rack" | "postgres"): Promise<number> =>
      name === "postgres" ? postmasterPid(state) : pidOf(controllers, name);
    const page = z.object({ items: z.array(machine), next: z.string().nullable() });
    const events = z.object({ items: z.array(event), next: z.string().nullable() });
    return {
      lab,
      controllers,
      state,
      ipmitool: async (name, ...command) => {
        const { bmc } = lab.machine(name);
        const argv = lab.command([
          "ipmitool",
          "-I",
          "lanplus",
          "-C",
          "3",
          "-H",
          bmc.address,
          "-U",
          bmc.user,
          "-P",
          bmc.password,
          ...command,
        ]);
        return (await run(argv[0] ?? "", argv.slice(1))).stdout;
      },
      machines: async () => (await client.get("/api/v1/machines", page)).items,
      events: async (query) => (await client.get(`/api/v1/events?${query}`, events)).items,
      until: async (what, seconds, attempt) => {
        const end = Date.now() + seconds * 1000;
        while (Date.now() < end && !ended.signal.aborted) {
          const found = await attempt().catch(() => undefined);
          if (found !== undefined) return found;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        if (ended.signal.aborted) throw new Error(`${what}: the site has ended`);
        const seen = await client.get("/api/v1/machines", page).catch(() => null);
        const told = await client.get("/api/v1/events?limit=20", events).catch(() => null);
        const consoles = lab.machines.map(async ({ name, consoleLog }) => {
          const said = await readFile(consoleLog, "latin1").catch(() => "");
          return `${name} said last: ${JSON.stringify(said.slice(-2000))}`;
        });
        throw new Error(
          [
            `${what}: not within ${seconds} s; machines: ${JSON.stringify(seen?.items)}`,
            ...(told?.items ?? []).map(({ at, type, message }) => `${at} ${type}: ${message}`),
            ...(await Promise.all(consoles)),
          ].join("\n"),
        );
      },
      kill: async (name) => void process.kill(await pid(name), "SIGKILL"),
      pid,
      [Symbol.asyncDispose]: () => {
        // Where one machine of a test failed, nobody waits for the other any more.
        ended.abort();
        return stack.disposeAsync();
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

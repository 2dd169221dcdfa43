import { chmod, mkdtemp, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, placesFrom, serveDhcp, startControllers } from "@rackwright/cli";
import { image } from "@rackwright/contract";
import { fleetNetwork, type FleetFault, makeFleetWire, type RunningFleet, startFleet } from "@rackwright/lab";
import { z } from "zod";
import { writeFleetImages } from "./images.ts";
import { peakMebibytes } from "./memory.ts";

export interface FleetSite extends AsyncDisposable {
  readonly client: ApiClient;
  readonly fleet: RunningFleet;
  /** URL of the region's private database. */
  readonly database: string;
  /** Ends a program at once, as a crash does; whoever supervises it starts it again. False where it does not run now. */
  crash(program: Crashing): Promise<boolean>;
  /** Highest resident memory so far, in MiB. */
  memory(): Promise<{ region: number; rack: number }>;
}

export type Crashing = "region" | "rack" | "database";

export interface FleetSiteOptions {
  readonly name: string;
  /** TCP port of the region's API on the loopback. */
  readonly port: number;
  readonly machines: readonly { readonly number: number; readonly fault?: FleetFault }[];
  /** Seconds without a sign of life, and altogether, after which a status of a machine has failed. */
  readonly silence: number;
  readonly total: number;
  readonly log: (line: string) => void;
}

const imageWaitSeconds = 60;

/** Region, rack and PostgreSQL as programs of their own, and a fleet on the rack's wire, all machines off. */
export async function openFleetSite(options: FleetSiteOptions): Promise<FleetSite> {
  const { name, port, machines, log } = options;
  const stack = new AsyncDisposableStack();
  try {
    const folder = await realpath(await mkdtemp(join(tmpdir(), `rackwright-${name}-`)));
    // The account of the private database must be able to pass through.
    await chmod(folder, 0o711);
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const wire = stack.use(await makeFleetWire(`rw-${name}-${process.pid}`));
    const places = { ...placesFrom(join(folder, "state"), process.env), cache: join(folder, "cache") };
    await writeFleetImages(join(places.cache, "images"));
    const controllers = await startControllers({
      places,
      port,
      listen: "127.0.0.1",
      rackNamespace: wire.rack,
      interfaces: [fleetNetwork.device],
      onProblem: log,
    });
    stack.defer(() => controllers.stop());
    const { client } = controllers;
    await setDeadlines(client, options);
    const { cidr, first, last } = fleetNetwork;
    await serveDhcp(client, { cidr, first, last });
    await imagesRegistered(client);
    const fleet = stack.use(
      await startFleet(wire.fleet, { machines: [...machines] }, (number, error) => log(`machine ${number}: ${error}`)),
    );
    const postgres = join(places.state, "region", "postgres");
    const pidOf = async (program: Crashing): Promise<number | undefined> =>
      program === "database" ? postmaster(join(postgres, "data")) : controllers[program].pid();
    return {
      client,
      fleet,
      database: `postgresql:///rackwright?host=${encodeURIComponent(join(postgres, "run"))}&user=rackwright`,
      crash: async (program) => {
        const pid = await pidOf(program);
        return pid !== undefined && killed(pid);
      },
      memory: async () => ({
        region: await peakMebibytes(controllers.region.pid()),
        rack: await peakMebibytes(controllers.rack.pid()),
      }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The server that works in this folder; its file may still name one that has ended, whose number others can have now. */
async function postmaster(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === data ? pid : undefined;
}

/** Whether there was such a process to kill. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

/** Sets the deadlines of every status that has one, whatever statuses this region knows. */
async function setDeadlines(client: ApiClient, { silence, total }: FleetSiteOptions): Promise<void> {
  const known = z.looseObject({ deadlines: z.record(z.string(), z.unknown()) });
  const { deadlines } = await client.get("/api/v1/settings", known);
  const wanted = Object.fromEntries(Object.keys(deadlines).map((status) => [status, { silence, total }]));
  await client.send("PATCH", "/api/v1/settings", { deadlines: wanted }, known);
}

async function imagesRegistered(client: ApiClient): Promise<void> {
  const end = Date.now() + imageWaitSeconds * 1000;
  for (;;) {
    const names: string[] = [];
    for await (const each of client.all("/api/v1/images", image)) names.push(each.name);
    if (names.length >= 3) return;
    if (Date.now() > end) throw new Error(`the region registered only these images: ${names.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

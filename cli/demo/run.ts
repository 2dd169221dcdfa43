import { chmod, mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { sshKey, user } from "@rackwright/contract";
import type { Event } from "@rackwright/contract";
import { createLab, downLab } from "@rackwright/lab";
import { buildImagesHere } from "../build-images.ts";
import { untilInterrupted } from "../commands/up.ts";
import type { Context } from "../context.ts";
import { startControllers } from "../controllers.ts";
import type { Places } from "../places.ts";
import { rangeOf, serveDhcp } from "../subnets.ts";
import { stopwatch } from "./clock.ts";
import { liveOnce } from "./life.ts";
import type { Life } from "./life.ts";
import { reportLines, whereTimeWent } from "./report.ts";
import { makeSshKey } from "./ssh.ts";
import { liveTimeline } from "./timeline.ts";
import { watchEvents } from "./watcher.ts";

export interface DemoOptions {
  readonly places: Places;
  readonly machines: number;
  readonly firmware: "bios" | "uefi";
  readonly port: number;
  readonly once: boolean;
  readonly json: boolean;
}

/** The whole demo. True when every machine was logged into. */
export async function runDemo(context: Context, options: DemoOptions): Promise<boolean> {
  const { terminal } = context;
  const { places } = options;
  await mkdir(places.state, { recursive: true });
  // The database runs as an unprivileged user and must be able to pass through.
  await chmod(places.state, 0o711);
  await buildImagesHere(context, places);

  const watch = stopwatch(Date.now);
  terminal.say(
    `Starting a virtual rack with ${options.machines} ${options.firmware.toUpperCase()} machine(s), region, database and rack …`,
  );
  const labState = join(places.state, "lab");
  await using teardown = new AsyncDisposableStack();
  await downLab(labState);
  teardown.defer(async () => void (await downLab(labState)));
  const lab = await createLab({
    name: `demo-${randomBytes(2).toString("hex")}`,
    stateDirectory: labState,
    machines: options.machines,
    firmware: options.firmware,
    cpus: Math.min(2, Math.max(1, Math.floor(availableParallelism() / options.machines))),
    memoryMiB: 1536,
    bmcUser: "admin",
  });
  const controllers = await startControllers({
    places,
    port: options.port,
    listen: "127.0.0.1",
    rackNamespace: lab.namespace,
    interfaces: [lab.rackInterface],
    onProblem: (line) => terminal.say(line),
  });
  teardown.defer(() => controllers.stop());
  const { client } = controllers;
  await serveDhcp(client, rangeOf(lab.subnet));
  const key = await makeSshKey(join(places.state, "demo"));
  await client.send("POST", "/api/v1/ssh-keys", { key: key.publicText }, sshKey);
  const password = randomBytes(9).toString("base64url");
  await client.send("POST", "/api/v1/users", { username: "admin", password, administrator: true }, user);
  const setUp = watch.seconds();
  terminal.say(`The page: ${controllers.url}   user admin, password ${password}`);

  const nameByMac = new Map(lab.machines.map((machine) => [machine.mac, machine.name]));
  const macById = new Map<string, string>();
  const timeline = liveTimeline(terminal, watch, (event: Event) => {
    if (event.machine_id !== null && event.mac !== null) macById.set(event.machine_id, event.mac);
    const mac = event.mac ?? macById.get(event.machine_id ?? "") ?? "";
    return nameByMac.get(mac) ?? event.rack ?? "region";
  });
  const watcher = watchEvents(client, context.interrupted, (event) => timeline.tell(event));
  teardown.defer(() => watcher.stop());
  const world = {
    client,
    watch,
    timeline,
    namespace: lab.namespace,
    key,
    until: (...what: Parameters<typeof watcher.until>) => watcher.until(...what),
  };
  const outcomes = await Promise.all(
    lab.machines.map((machine) =>
      liveOnce(world, machine).catch((error: unknown) => {
        timeline.line(machine.name, `FAILED: ${error instanceof Error ? error.message : String(error)}`);
        timeline.line(machine.name, `its console: ${machine.consoleLog}`);
        return null;
      }),
    ),
  );
  const lives = outcomes.filter((life): life is Life => life !== null);
  const total = watch.seconds();
  const ok = lives.length === lab.machines.length;
  for (const line of reportLines(total, whereTimeWent(total, setUp, lives, watcher.events), lives)) terminal.say(line);
  if (options.json) terminal.print(JSON.stringify(summary(lives, lab.machines, total)));
  if (!options.once && !context.interrupted.aborted) {
    terminal.say(`All stays up at ${controllers.url} until Ctrl-C.`);
    await untilInterrupted(context.interrupted);
  }
  terminal.say("Taking everything down …");
  return ok;
}

function summary(
  lives: readonly Life[],
  machines: readonly { name: string; firmware: string }[],
  total: number,
): unknown {
  const done = lives.map((life) => ({
    hostname: life.machine.hostname,
    system_id: life.machine.id,
    firmware: life.firmware,
    status: life.machine.status === "deployed" ? "Deployed" : life.machine.status,
    ssh: life.ssh,
    phases: life.phases,
  }));
  const missing = machines.length - done.length;
  const lost = Array.from({ length: missing }, () => ({
    hostname: null,
    system_id: null,
    firmware: machines[0]?.firmware,
    status: "Failed",
    ssh: false,
    phases: null,
  }));
  return { machines: [...done, ...lost], seconds: Math.round(total * 10) / 10 };
}

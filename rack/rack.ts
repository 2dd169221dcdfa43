import { join } from "node:path";
import { bootLoaderMissing, forwardAuthorization, makeFailure, type RackConfig } from "@rackwright/contract/rack";
import type { Libc, Run } from "@rackwright/netdev";
import { Decisions, dhcpBoot, explainBoot, openBoot } from "./boot/index.ts";
import { Content } from "./content.ts";
import { Devices } from "./devices.ts";
import { batchLeases, createFindMac, loadSnapshot, startDhcpServer } from "./dhcp/index.ts";
import type { Flags } from "./flags.ts";
import { startHttpServer } from "./http/index.ts";
import { openContentStore } from "./images/index.ts";
import { EventQueue, fetchImage, leaseLink, type Log, RegionLink } from "./link/index.ts";
import type { PowerService } from "./power/index.ts";
import { startTftpServer } from "./tftp/index.ts";

export interface RackWorld {
  readonly secret: Uint8Array;
  readonly version: string;
  readonly log: Log;
  readonly libc: Libc;
  readonly run: Run;
  readonly power: Pick<PowerService, "perform">;
}

/** A running rack controller. */
export interface Rack {
  /** Serves what is under way to an end, tells the region what is left to tell, and stops. */
  stop(): Promise<void>;
}

/** Wires the services of a rack together and starts them. They serve what the snapshot knows until a region is linked. */
export async function startRack(flags: Flags, world: RackWorld): Promise<Rack> {
  const { log, run, secret } = world;
  const { name, httpPort: port } = flags;
  const httpPort = (): number => port;
  const dhcpFolder = join(flags.state, "dhcp");
  let known: RackConfig | undefined = await loadSnapshot(dhcpFolder).catch(() => undefined);

  const link = new RegionLink({
    name,
    secret,
    regions: flags.regions,
    log,
    hello: () => Promise.resolve({ version: world.version, http_port: port, interfaces: devices.described }),
    configure: (config) => {
      known = config;
      dhcp.update(config);
      content.update(config);
      return Promise.resolve();
    },
    perform: async (request) => {
      const { driver, parameters, action, boot_device, stop_mode, within_seconds } = request;
      const bootDevice = boot_device ?? undefined;
      const within = within_seconds === undefined ? undefined : within_seconds * 1000;
      return world.power.perform({ driver, parameters, action, bootDevice, stopMode: stop_mode, within });
    },
    explain: (request) =>
      explainBoot(request, {
        foresee: (question) => link.call("boot.foresee", question, 5000),
        foreseeLease: (question) => link.call("lease.foresee", question, 5000),
        dhcp: (foresee) => dhcp.explain(foresee),
        httpPort,
        loader: content.loader,
        openFile: content.open,
      }),
    changed: (linked) => linked && events.linked(),
  });

  const events = await EventQueue.open({
    folder: join(flags.state, "events"),
    report: async (boot, batch) => (await link.call("events.report", { boot, events: batch })).through,
    log,
  });
  const { emit } = events;
  const store = await openContentStore({ dir: join(flags.state, "images"), emit });
  const content = new Content({
    store,
    fetch: (hash, signal) => fetchImage(link.region, { name, secret }, hash, signal),
  });
  const decisions = new Decisions({
    ask: (request) => link.call("boot.decide", request, 5000),
    folder: join(flags.state, "boot"),
    failed: (error, what) => log.warn({ error: String(error) }, what),
  });
  const decide = decisions.decide.bind(decisions);
  const dhcp = await startDhcpServer({
    libc: world.libc,
    leases: batchLeases(leaseLink(link)),
    decideBoot: dhcpBoot({
      decide,
      httpPort,
      hasLoader: (loader) => content.loader(loader) !== undefined,
      missing: (loader, { mac }) => emit(missingLoader(loader, mac)),
    }),
    emit,
    now: () => Date.now(),
    findMac: createFindMac(run),
    folder: dhcpFolder,
  });
  if (known !== undefined) content.update(known);
  const open = openBoot({ decide, httpPort, loader: content.loader, openFile: content.open });
  const tftp = await startTftpServer({ addresses: [], port: flags.tftpPort, open, emit });
  const ensure = content.ensure;
  const http = await startHttpServer({
    addresses: [],
    port,
    store,
    ensure,
    open,
    upstreams: () => flags.regions,
    sign: (request) => forwardAuthorization(secret, name, new Date(), request),
    emit,
  });
  const devices: Devices = new Devices({
    run,
    only: flags.interfaces,
    failed: (error) => log.error({ err: error }, "the network devices could not be followed"),
    changed: async (served) => {
      log.info({ devices: devices.described }, "serving these network devices");
      await dhcp.setInterfaces(served);
      await http.setAddresses(devices.addresses);
      await tftp.setAddresses(devices.addresses);
      await link.refresh();
    },
  });
  await devices.start();
  link.start();

  return {
    async stop() {
      await devices.stop();
      content.stop();
      await dhcp.close();
      await Promise.all([tftp.close(), http.close(), store.close()]);
      await events.stop();
      await link.stop();
    },
  };
}

function missingLoader(loader: string, mac: string) {
  const message = `The boot loader ${loader}, which the firmware of ${mac} needs, is in no image of the region.`;
  const failure = makeFailure(bootLoaderMissing, message, [`the firmware of ${mac} asks for ${loader}`]);
  return { type: "boot.decided", level: "error", mac, message, data: { loader }, failure } as const;
}

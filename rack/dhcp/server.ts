import { dhcpNotServed, makeFailure } from "@rackwright/contract/rack";
import { randomInt } from "node:crypto";
import type { RackConfig, RackEventInput } from "@rackwright/contract/rack";
import type { Libc, NetworkInterface } from "@rackwright/netdev";
import { faceKey, openFace, probeDevice, type OpenFace } from "./device-face.ts";
import { reason } from "./exchange.ts";
import { createDhcpExplainer, type DhcpExplainer, type Foreseeing } from "./explain.ts";
import { createForeignServers } from "./foreign-servers.ts";
import type { LeaseSource } from "./lease-source.ts";
import { defaultDhcpLimits, type DhcpLimits } from "./limits.ts";
import { createMirror } from "./mirror.ts";
import { createReceive } from "./receive.ts";
import { createRenewals } from "./renewals.ts";
import { loadSnapshot, saveSnapshot } from "./snapshot.ts";
import { createWatch } from "./watch.ts";
import type { DecideBoot, DhcpWorld } from "./world.ts";

/** What a DHCP server needs of the world. */
export interface DhcpServerOptions {
  libc: Libc;
  leases: LeaseSource;
  decideBoot: DecideBoot;
  emit: (event: RackEventInput) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  /** The hardware address behind an IP address on a device: names a foreign server. */
  findMac: (device: string, address: string) => Promise<string | undefined>;
  /** Where the snapshot is kept; without it nothing survives a restart. */
  folder?: string;
  /** Only these devices; default: every one that has an IPv4 address. */
  devices?: readonly string[];
  limits?: Partial<DhcpLimits>;
  /** Milliseconds between two searches for foreign servers; 0 for none. Default ten minutes. */
  probeMilliseconds?: number;
}

/** A running DHCP server. */
export interface DhcpServer {
  /** Takes over a configuration of the region at once. */
  update: (config: RackConfig) => void;
  /** Opens and closes devices to match the host's. A device that cannot be opened is reported, the others serve. */
  setInterfaces: (interfaces: readonly NetworkInterface[]) => Promise<void>;
  /** Looks for foreign servers on all devices now. */
  probe: () => Promise<void>;
  /** For an operator's question: what the programs of one machine would be answered now. Nothing is kept of it. */
  explain: (foresee: Foreseeing) => DhcpExplainer;
  /** Packets dropped by reason, leases known, renewals not yet told. */
  counts: () => Record<string, number>;
  /** Stops serving, tells the region what is left to tell, writes the snapshot. */
  close: () => Promise<void>;
}

const tickMilliseconds = 1000;
const saveMilliseconds = 60_000;
const probeDefault = 10 * 60_000;
/** How long an ended lease is remembered, so that its client can have the address again. */
const graceMilliseconds = 24 * 3600_000;

/** Starts serving from the snapshot in `folder`, if there is one, until the first `update`. */
export async function startDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const { emit, now, leases, folder } = options;
  const limits = { ...defaultDhcpLimits, ...options.limits };
  const faces = new Map<string, OpenFace>();
  /** Faces whose device has a carrier: other servers are looked for whenever one comes. */
  const carriers = new Set<string>();
  const mirror = createMirror();
  const watch = createWatch(emit, limits, now);
  const isOwn = (address: string): boolean => {
    for (const face of faces.values()) for (const own of face.addresses) if (own.address === address) return true;
    return false;
  };
  const isOurs = (address: string): boolean => isOwn(address) || mirror.isRack(address);
  const foreign = createForeignServers({ now, emit: watch.emit, isOurs, findMac: options.findMac });
  const renewals = createRenewals(leases, mirror, watch);
  const { decideBoot } = options;
  const offers: DhcpWorld["offers"] = new Map();
  const world: DhcpWorld = { now, mirror, leases, renewals, decideBoot, watch, foreign, limits, offers, isOwn };
  const receive = createReceive(world);
  const problem = (text: string, device?: string): void =>
    watch.emitOnce(text, {
      type: "rack.problem",
      level: "error",
      message: text,
      data: { code: dhcpNotServed.code, device },
      failure: makeFailure(dhcpNotServed, text),
    });

  if (folder !== undefined) await restore(folder, mirror.update, problem);
  let saving = Promise.resolve();
  const save = (): Promise<void> => {
    const document = mirror.document();
    if (folder === undefined || document === undefined) return saving;
    saving = saving
      .then(() => saveSnapshot(folder, document))
      .catch((error: unknown) => problem(`The DHCP snapshot could not be written: ${reason(error)}`));
    return saving;
  };

  const stop = new AbortController();
  const probeFace = async (face: OpenFace): Promise<void> => {
    try {
      const transaction = randomInt(2 ** 32);
      await probeDevice(face, transaction, stop.signal, (reply, from) => foreign.sawReply(reply, from, face));
    } catch (error) {
      problem(`No search for other DHCP servers: ${reason(error)}`, face.device);
    }
  };
  const probe = async (): Promise<void> => {
    await Promise.all([...faces].filter(([key]) => carriers.has(key)).map(([, face]) => probeFace(face)));
  };
  const timers = [
    setInterval(() => {
      watch.tick();
      void renewals.flush();
      for (const [mac, offer] of offers) if (offer.expiresAt <= now()) offers.delete(mac);
    }, tickMilliseconds),
    setInterval(() => {
      mirror.sweep(now(), graceMilliseconds);
      void save();
    }, saveMilliseconds),
  ];
  const probeEvery = options.probeMilliseconds ?? probeDefault;
  if (probeEvery > 0) timers.push(setInterval(() => void probe(), probeEvery));

  return {
    update(config) {
      mirror.update(config);
      void save();
    },
    async setInterfaces(interfaces) {
      const wanted = new Map(interfaces.filter((each) => serves(each, options.devices)).map((e) => [faceKey(e), e]));
      const gone = [...faces].filter(([key]) => !wanted.has(key));
      for (const [key] of gone) faces.delete(key);
      for (const key of carriers) if (wanted.get(key)?.up !== true) carriers.delete(key);
      await Promise.all(gone.map(([, face]) => face.close()));
      for (const [key, device] of wanted) {
        try {
          const onError = (error: Error): void => problem(`DHCP on ${device.name}: ${error.message}`, device.name);
          const face = faces.get(key) ?? openFace(options.libc, device, receive, onError);
          faces.set(key, face);
          if (!device.up || carriers.has(key)) continue;
          carriers.add(key);
          if (probeEvery > 0) void probeFace(face);
        } catch (error) {
          problem(`DHCP is not served on ${device.name}: ${reason(error)}`, device.name);
        }
      }
    },
    probe,
    explain: (foresee) => createDhcpExplainer(world, [...faces.values()], foresee),
    counts: () => ({
      ...watch.counts(),
      leases: mirror.leaseCount(),
      renewals: renewals.waiting(),
      devices: faces.size,
    }),
    async close() {
      stop.abort();
      for (const timer of timers) clearInterval(timer);
      await Promise.all([...faces.values()].map((face) => face.close()));
      faces.clear();
      await renewals.flush();
      await save();
    },
  };
}

function serves(device: NetworkInterface, only: readonly string[] | undefined): boolean {
  if (only !== undefined && !only.includes(device.name)) return false;
  // Without a carrier too: the machine whose power brings the carrier asks at once, and must find us listening.
  return !device.loopback && device.mac !== undefined && device.ipv4.length > 0;
}

async function restore(
  folder: string,
  update: (config: RackConfig) => void,
  problem: (text: string) => void,
): Promise<void> {
  try {
    const document = await loadSnapshot(folder);
    if (document !== undefined) update(document);
  } catch (error) {
    problem(reason(error));
  }
}

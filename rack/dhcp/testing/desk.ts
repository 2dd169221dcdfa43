import type { LeaseCommitRequest, LeaseOfferRequest, RackConfig, RackEventInput } from "@rackwright/contract";
import {
  blankRequest,
  decodeMessage,
  encodeWholeMessage,
  MessageType,
  parseNetwork,
  u8Value,
  type BootReply,
  type DhcpMessage,
  type MessageTypeName,
  type ReplyDestination,
} from "@rackwright/dhcp";
import type { Face } from "../face.ts";
import { createForeignServers } from "../foreign-servers.ts";
import type { LeaseReport, LeaseSource } from "../lease-source.ts";
import { defaultDhcpLimits, type DhcpLimits } from "../limits.ts";
import { createMirror, type Mirror } from "../mirror.ts";
import { createReceive } from "../receive.ts";
import { createRenewals, type Renewals } from "../renewals.ts";
import { createWatch, type Watch } from "../watch.ts";
import { memoryLeases } from "./memory-leases.ts";
import type { BootQuestion, DhcpWorld } from "../world.ts";

/** An answer that the server sent. */
export interface Sent {
  message: DhcpMessage;
  destination: ReplyDestination;
  source: string;
}

/** The server's rules without sockets: packets in, answers, events and questions to the region out. */
export interface Desk {
  /** Hands in a packet and answers what was sent in return, once the server has nothing left to do. */
  ask: (type: MessageTypeName, more?: Partial<DhcpMessage>, options?: [number, Uint8Array][]) => Promise<Sent[]>;
  raw: (bytes: Uint8Array) => Promise<void>;
  events: RackEventInput[];
  asked: { offers: LeaseOfferRequest[]; commits: LeaseCommitRequest[]; reports: LeaseReport[] };
  questions: BootQuestion[];
  mirror: Mirror;
  renewals: Renewals;
  watch: Watch;
  clock: { now: number };
  region: { away: boolean };
  world: DhcpWorld;
}

export const deskMac = "52:54:00:12:34:56";
/** The rack's address on the desk's only device. */
export const deskAddress = "10.77.0.1";

export function makeDesk(
  config: RackConfig,
  given: { boot?: BootReply; limits?: Partial<DhcpLimits>; bootFails?: boolean } = {},
): Desk {
  const clock = { now: Date.parse("2026-01-01T00:00:00Z") };
  const region = { away: false };
  const events: RackEventInput[] = [];
  const asked: Desk["asked"] = { offers: [], commits: [], reports: [] };
  const questions: BootQuestion[] = [];
  const sent: Sent[] = [];
  const limits = { ...defaultDhcpLimits, ...given.limits };
  const mirror = createMirror();
  mirror.update(config);
  const memory = memoryLeases(config.subnets);
  const through = async <Q, A>(log: Q[], send: (items: Q[]) => Promise<A[]>, item: Q): Promise<A> => {
    log.push(item);
    if (region.away) throw new Error("no region answers");
    const [answer] = await send([item]);
    return answer as A;
  };
  const leases: LeaseSource = {
    offer: (request) => through(asked.offers, memory.offer, request),
    commit: (request) => through(asked.commits, memory.commit, request),
    async report(report) {
      asked.reports.push(report);
      await memory.report([report]);
    },
  };
  const now = (): number => clock.now;
  const watch = createWatch((event) => events.push(event), limits, now);
  const renewals = createRenewals(leases, mirror, watch);
  const isOwn = (address: string): boolean => address === deskAddress;
  const findMac = async (): Promise<undefined> => undefined;
  const foreign = createForeignServers({ now, emit: watch.emit, isOurs: isOwn, findMac });
  const offers = new Map();
  const world: DhcpWorld = {
    now,
    mirror,
    leases,
    renewals,
    watch,
    foreign,
    limits,
    offers,
    isOwn,
    async decideBoot(question) {
      questions.push(question);
      if (given.bootFails === true) throw new Error("no region answers");
      return given.boot;
    },
  };
  const receive = createReceive(world);
  const face: Face = {
    device: "br0",
    mac: "52:54:00:ff:ff:ff",
    addresses: [{ address: deskAddress, network: parseNetwork("10.77.0.0/16") }],
    send(bytes, destination, source) {
      sent.push({ message: decodeMessage(bytes), destination, source });
      return undefined;
    },
  };
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve));
    });
  return {
    async ask(type, more = {}, options = []) {
      const mac = more.mac ?? deskMac;
      sent.length = 0;
      const message = blankRequest(mac, new Map([[53, u8Value(MessageType[type])], ...options]), more);
      receive(encodeWholeMessage(message), { address: "0.0.0.0" }, face);
      await settled();
      return [...sent];
    },
    async raw(bytes) {
      receive(bytes, { address: "10.77.0.66" }, face);
      await settled();
    },
    events,
    asked,
    questions,
    mirror,
    renewals,
    watch,
    clock,
    region,
    world,
  };
}

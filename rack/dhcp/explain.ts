import type {
  ExplainedDhcp,
  ExplainedMessage,
  LeaseForesight,
  LeaseOfferRequest,
  RackEventInput,
} from "@rackwright/contract/rack";
import {
  addressToNumber,
  bootProgramMessage,
  classifyClient,
  decodeMessage,
  encodeWholeMessage,
  messageTypeOf,
  noAddress,
  printOption,
  readAddressOption,
  type BootProgram,
  type ChosenOffer,
  type ClientClass,
  type ReplyDestination,
} from "@rackwright/dhcp";
import { serverIdentifier, type Face } from "./face.ts";
import type { KnownAddress, Mirror } from "./mirror.ts";
import { answer, exchangeOf } from "./receive.ts";
import type { DecideBoot, DhcpWorld } from "./world.ts";

/** What stands in for the region while nothing may be kept. */
export interface Foreseeing {
  lease: (request: LeaseOfferRequest) => Promise<LeaseForesight>;
  decideBoot: DecideBoot;
}

/** Where the packets would come in; null leaves it to what is known of the client. */
export interface ExplainPlace {
  interface: string | null;
  relay: string | null;
}

/** What a program of a machine would be answered, and what it was taken for. */
export interface ExplainedClient {
  client: ClientClass;
  dhcp: ExplainedDhcp;
}

/** Tells what the programs of one machine would be answered, one after the other, as if each had come this far. */
export type DhcpExplainer = (program: BootProgram, place: ExplainPlace) => Promise<ExplainedClient>;

/** The rack has no device on which the packet could come in. */
export class NoDeviceError extends Error {
  readonly served: readonly string[];
  constructor(wanted: string | null, served: readonly string[]) {
    const which = wanted === null ? "no network device" : `no device '${wanted}'`;
    super(`the rack serves ${which}; it serves ${served.join(", ") || "none"}`);
    this.served = served;
  }
}

/**
 * Puts real messages through the rules that answer packets, in a world of which nothing lasts: no lease is made, no
 * event told, nothing sent. What one program was given is remembered for the next, as it would be.
 */
export function createDhcpExplainer(world: DhcpWorld, faces: readonly Face[], foresee: Foreseeing): DhcpExplainer {
  const told: RackEventInput[] = [];
  const problems: string[] = [];
  const how = { words: "" };
  const dry: DhcpWorld = {
    ...world,
    mirror: dryMirror(world.mirror, world.now),
    offers: new Map(world.offers),
    decideBoot: foresee.decideBoot,
    leases: {
      async offer(request) {
        const foresight = await foresee.lease(request);
        how.words = foresight.how;
        return foresight.answer;
      },
      // What was just offered is free: to take it is all that is left to do.
      commit: ({ address, lease_seconds, mac }) =>
        Promise.resolve({ address, lease_seconds, hostname: dry.offers.get(mac)?.hostname ?? null }),
      report: () => Promise.resolve(),
    },
    renewals: { add: () => undefined, flush: () => Promise.resolve(), waiting: () => 0 },
    foreign: { sawChoice: () => undefined, sawReply: () => undefined, seen: () => new Map() },
    watch: {
      emit: (event) => void told.push(event),
      emitOnce: (_key, event) => void told.push(event),
      drop: (why, evidence) => void problems.push(`${why}: ${evidence}`),
      tick: () => undefined,
      counts: () => ({}),
    },
  };

  return async (program, place) => {
    told.length = 0;
    problems.length = 0;
    const face = chooseFace(world, faces, program, place);
    const ask = async (chosen?: ChosenOffer): Promise<Captured | undefined> => {
      const sent: Captured[] = [];
      const message = decodeMessage(encodeWholeMessage(bootProgramMessage(program, chosen, place.relay ?? undefined)));
      const watched: Face = {
        device: face.device,
        mac: face.mac,
        addresses: face.addresses,
        send(bytes, destination) {
          sent.push({ bytes, destination });
          return undefined;
        },
      };
      await answer(dry, exchangeOf(dry, message, chosen === undefined ? "discover" : "request", watched));
      return sent.at(-1);
    };
    const offer = await ask();
    const chosen = offer === undefined ? undefined : chosenOf(offer.bytes);
    const reply = chosen === undefined ? undefined : await ask(chosen);
    const asked = exchangeOf(dry, bootProgramMessage(program, undefined, place.relay ?? undefined), "discover", face);
    const given = told.find(({ type }) => type === "dhcp.offer")?.data;
    const source = sourceOf(given?.["source"]);
    const subnet = asked.link.find(({ id }) => id === given?.["subnet_id"]);
    return {
      client: classifyClient(asked.message),
      dhcp: {
        interface: face.device,
        rack_address: serverIdentifier(face, addressToNumber(chosen?.address ?? noAddress)),
        relay: place.relay,
        link: asked.link.map(({ cidr }) => cidr),
        subnet: subnet?.cidr ?? null,
        address: chosen?.address ?? null,
        source,
        source_words: source === "region" ? how.words : sourceWords(source),
        lease_seconds: typeof given?.["lease_seconds"] === "number" ? given["lease_seconds"] : null,
        offer: offer === undefined ? null : explainMessage(offer),
        answer: reply === undefined ? null : explainMessage(reply),
        problems: [...told.filter(isProblem).map((event) => event.message), ...problems],
      },
    };
  };
}

interface Captured {
  bytes: Uint8Array;
  destination: ReplyDestination;
}

const isProblem = ({ type }: RackEventInput): boolean => type === "dhcp.refused" || type === "rack.problem";

/** The mirror with leases of its own on top, so that what is remembered is gone with it. */
function dryMirror(mirror: Mirror, now: () => number): Mirror {
  const own: KnownAddress[] = [];
  return {
    ...mirror,
    update: () => undefined,
    sweep: () => undefined,
    forget: () => undefined,
    remember: (lease) => void own.push(lease),
    known: (mac, link, at) =>
      mirror.known(mac, link, at) ??
      own.findLast((each) => each.mac === mac && each.expiresAt > now() && link.some(({ id }) => id === each.subnetId)),
  };
}

/**
 * The device on which the packet comes in: the one named, else one on a subnet where the client has an address, else
 * one with DHCP, those with a dynamic range first.
 */
function chooseFace(world: DhcpWorld, faces: readonly Face[], program: BootProgram, place: ExplainPlace): Face {
  const allowed = faces.filter(({ device }) => place.interface === null || device === place.interface);
  const message = bootProgramMessage(program, undefined, place.relay ?? undefined);
  const rank = (face: Face): number => {
    const { link } = exchangeOf(world, message, "discover", face);
    if (world.mirror.known(program.mac, link, world.now()) !== undefined) return 0;
    if (link.some(({ dynamic }) => dynamic)) return 1;
    return link.length > 0 ? 2 : 3;
  };
  const [best] = allowed.map((face) => ({ face, rank: rank(face) })).toSorted((a, b) => a.rank - b.rank);
  if (best !== undefined) return best.face;
  throw new NoDeviceError(
    place.interface,
    faces.map(({ device }) => device),
  );
}

function chosenOf(offer: Uint8Array): ChosenOffer | undefined {
  const { options, yourAddress } = decodeMessage(offer);
  const server = readAddressOption(options, 54);
  return server === undefined ? undefined : { address: yourAddress, server };
}

function sourceOf(value: unknown): ExplainedDhcp["source"] {
  return value === "host" || value === "lease" || value === "offer" || value === "region" ? value : null;
}

function sourceWords(source: ExplainedDhcp["source"]): string {
  switch (source) {
    case "host":
      return "a known machine's card, which keeps its address";
    case "lease":
      return "its lease runs";
    case "offer":
      return "it was offered this address a moment ago";
    case "region":
    case null:
      return "it gets no address";
  }
}

function explainMessage({ bytes, destination }: Captured): ExplainedMessage {
  const message = decodeMessage(bytes);
  const type = messageTypeOf(message.options);
  return {
    type: type === "ack" || type === "nak" ? type : "offer",
    destination: `${destination.address}:${destination.port} (${ways[destination.way]})`,
    address: message.yourAddress,
    next_server: message.serverAddress,
    file: message.bootFile,
    options: [...message.options].map(([code, value]) => ({
      code,
      ...printOption(code, value),
      hex: Buffer.from(value).toString("hex"),
    })),
    hex: Buffer.from(bytes).toString("hex"),
  };
}

const ways: Record<ReplyDestination["way"], string> = {
  relay: "to the relay agent",
  client: "to the address the client has",
  broadcast: "broadcast",
  hardware: "to the card's own hardware address",
};

import { decodeChannelAuthentication, encodeChannelAuthenticationRequest } from "../codec/channel-auth.ts";
import type { ChannelAuthentication } from "../codec/channel-auth.ts";
import { COMMAND } from "../codec/commands.ts";
import { encodePlainFrame } from "../codec/frame.ts";
import { decodeResponse, encodeRequest } from "../codec/message.ts";
import { completionText, PRIVILEGE } from "../codec/status.ts";
import { IpmiError } from "./errors.ts";
import { shakeHands } from "./handshake.ts";
import type { Opened } from "./handshake.ts";
import { checkOptions } from "./options.ts";
import type { CheckedOptions, SessionOptions } from "./options.ts";
import { createSession } from "./session.ts";
import type { IpmiSession } from "./session.ts";
import { createWire, silentNext } from "./wire.ts";
import type { Wire } from "./wire.ts";
import type { Random, Timers, World } from "./world.ts";

/** How often the handshake begins anew when the BMC forgot it half-way. */
const MOST_HANDSHAKES = 4;

/** Sessions with any number of BMCs over one transport. */
export interface IpmiClient {
  /**
   * Opens an IPMI 2.0 session, runs `use`, closes the session whatever happens. Calls for the same address and port
   * wait for each other, within their deadlines; different BMCs proceed at once. Throws {@link IpmiError}.
   */
  withSession<T>(options: SessionOptions, use: (session: IpmiSession) => Promise<T>): Promise<T>;
}

/** Asks what the LAN channel can do; the question belongs to no session (IPMI 2.0 §22.13). */
async function channelAuthentication(
  wire: Wire,
  random: Random,
  options: CheckedOptions,
  until: number,
): Promise<ChannelAuthentication | undefined> {
  const [netFn, command] = COMMAND.channelAuthentication;
  const sequence = (random(1)[0] ?? 0) & 0x3f;
  const data = encodeChannelAuthenticationRequest(PRIVILEGE[options.privilege]);
  return wire.ask({
    what: "Get Channel Authentication Capabilities",
    until,
    encode: () => encodePlainFrame(encodeRequest({ netFn, command, data }, sequence)),
    accept(frame) {
      if (frame.sessionId !== 0) return undefined;
      const response = decodeResponse(frame.payload);
      if (response.command !== command || response.sequence !== sequence) return undefined;
      wire.note(`Get Channel Authentication Capabilities: ${completionText(response.completion)}`);
      // A BMC that cannot tell is taken for one that speaks 2.0 without a K_g; the handshake will show.
      if (response.completion !== 0) return { channel: 0, needsKg: false, speaks20: true, speaks15: false };
      return decodeChannelAuthentication(response.data);
    },
  });
}

async function open(wire: Wire, random: Random, options: CheckedOptions, until: number): Promise<Opened> {
  const capabilities = await channelAuthentication(wire, random, options, until);
  if (capabilities?.speaks20 === false) {
    throw new IpmiError(
      "not-ipmi-2",
      `${options.address} speaks IPMI 1.5 only`,
      "Enable IPMI 2.0 (RMCP+) in the BMC, or update its firmware.",
      { evidence: wire.evidence },
    );
  }
  const needsKg = capabilities?.needsKg ?? false;
  for (let attempt = 0; attempt < MOST_HANDSHAKES; attempt += 1) {
    const opened = await shakeHands(wire, random, options, { needsKg, until });
    if (opened !== undefined) return opened;
    wire.note("the BMC forgot the half-open session: beginning anew");
  }
  throw new IpmiError(
    "session-refused",
    `${options.address} dropped ${MOST_HANDSHAKES} half-open sessions in a row`,
    "Look for packet loss on the way to the BMC; if there is none, restart the BMC.",
    { evidence: wire.evidence },
  );
}

/** Waits for a turn, but not longer than until this time of the clock. */
async function inTime(timers: Timers, turn: Promise<unknown>, until: number, late: () => Error): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const cancel = timers.after(until - timers.now(), () => tooLate.reject(late()));
  try {
    await Promise.race([turn, tooLate.promise]);
  } finally {
    cancel();
  }
}

/** Sessions take moments where a BMC answers, so one that takes so long is with a silent BMC. */
function stillTalking({ address, port, deadline }: CheckedOptions): IpmiError {
  return new IpmiError(
    "no-answer",
    `${address} port ${port} did not answer an earlier session, which was still waited for after ${Math.round(deadline / 100) / 10} s`,
    silentNext,
  );
}

/** A client for any number of BMCs. It owns no socket, clock or randomness: all of it is in `world`. */
export function createIpmiClient(world: World): IpmiClient {
  const { transport, timers, random } = world;
  const wires = new Map<string, Wire>();
  const queues = new Map<string, Promise<unknown>>();
  const keyOf = (address: string, port: number): string => `${address} ${port}`;

  transport.onMessage((datagram, address, port) => wires.get(keyOf(address, port))?.receive(datagram));

  const converse = async <T>(
    options: CheckedOptions,
    until: number,
    use: (session: IpmiSession) => Promise<T>,
  ): Promise<T> => {
    const key = keyOf(options.address, options.port);
    const wire = createWire(world, options.address, options.port);
    wires.set(key, wire);
    try {
      const opened = await open(wire, random, options, until);
      const session = createSession({ wire, timers, random, options, opened, until });
      try {
        await session.raisePrivilege();
        return await use(session);
      } finally {
        await session.close();
      }
    } finally {
      wires.delete(key);
    }
  };

  return {
    async withSession(options, use) {
      const checked = checkOptions(options);
      const key = keyOf(checked.address, checked.port);
      const until = timers.now() + checked.deadline;
      const before = queues.get(key) ?? Promise.resolve();
      // A session that waited in vain leaves its place to the next only when its turn comes.
      const mine = inTime(timers, before, until, () => stillTalking(checked)).then(() => converse(checked, until, use));
      const settled = Promise.all([before, mine.catch(() => {})]);
      queues.set(key, settled);
      try {
        return await mine;
      } finally {
        if (queues.get(key) === settled) queues.delete(key);
      }
    },
  };
}

import { hex, MalformedError, sameBytes } from "../codec/bytes.ts";
import { PAYLOAD, encodePlusFrame } from "../codec/frame.ts";
import type { Frame } from "../codec/frame.ts";
import { rakp2Code, rakp3Code, rakp4Check, sessionKeys } from "../codec/keys.ts";
import type { Handshake } from "../codec/keys.ts";
import { decodeOpenSessionResponse, encodeOpenSessionRequest } from "../codec/open-session.ts";
import type { Protection } from "../codec/protect.ts";
import { encodeRakp1 } from "../codec/rakp1.ts";
import { decodeRakp2 } from "../codec/rakp2.ts";
import { encodeRakp3 } from "../codec/rakp3.ts";
import { decodeRakp4 } from "../codec/rakp4.ts";
import { PRIVILEGE, statusText } from "../codec/status.ts";
import { cipherSuite } from "../codec/suites.ts";
import { IpmiError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import { refusal, wrongKg, wrongPassword } from "./refusals.ts";
import type { Wire } from "./wire.ts";
import type { Random } from "./world.ts";

/** An open session: the ids each end chose and how packets are protected. */
export interface Opened {
  readonly consoleId: number;
  readonly bmcId: number;
  readonly protection: Protection;
}

const NAME_ONLY_LOOKUP = 0x10;
/** Statuses that mean "I forgot this session", which a lost datagram can cause: begin anew. */
const FORGOTTEN: ReadonlySet<number> = new Set([0x02, 0x08]);

/** The payload of a set-up message of this type, or undefined for any other frame. */
function setUp(frame: Frame, payloadType: number): Uint8Array | undefined {
  return frame.format === "2.0" && frame.sessionId === 0 && frame.payloadType === payloadType
    ? frame.payload
    : undefined;
}

function nonZeroId(random: Random): number {
  const id = new DataView(Uint8Array.from(random(4)).buffer).getUint32(0, true);
  return id === 0 ? 1 : id;
}

/**
 * Open Session and RAKP 1–4 (IPMI 2.0 §13.17–13.23). Returns undefined when the BMC forgot the half-open session,
 * so that the caller can begin again. Throws {@link IpmiError} for every refusal.
 */
export async function shakeHands(
  wire: Wire,
  random: Random,
  options: CheckedOptions,
  { needsKg, until }: { needsKg: boolean; until: number },
): Promise<Opened | undefined> {
  const suite = cipherSuite(options.cipherSuite);
  const consoleId = nonZeroId(random);
  const privilege = PRIVILEGE[options.privilege];
  const tag = random(1)[0] ?? 0;
  const fail = (status: number, step: string): IpmiError => {
    wire.note(`${step}: refused with ${statusText(status)}`);
    return refusal(status, step, options, wire.evidence);
  };

  const opened = await wire.ask({
    what: "Open Session",
    until,
    encode: () =>
      encodePlusFrame(
        PAYLOAD.openRequest,
        encodeOpenSessionRequest({ tag, privilege, consoleId, algorithms: suite.algorithms }),
      ),
    accept(frame) {
      const payload = setUp(frame, PAYLOAD.openResponse);
      if (payload === undefined) return undefined;
      const response = decodeOpenSessionResponse(payload);
      if (response.tag !== tag) return undefined;
      if (response.status !== 0) throw fail(response.status, "Open Session");
      if (response.consoleId !== consoleId || !("bmcId" in response) || response.bmcId === 0) {
        throw new MalformedError("an Open Session Response with a wrong session id");
      }
      if (response.algorithms.some((algorithm, at) => algorithm !== suite.algorithms[at])) {
        throw new MalformedError(`an Open Session Response that chose other algorithms than cipher suite ${suite.id}`);
      }
      return response;
    },
  });
  wire.note(`Open Session: cipher suite ${suite.id}, privilege ${options.privilege}: accepted`);

  const { bmcId } = opened;
  const consoleRandom = random(16);
  const role = privilege | NAME_ONLY_LOOKUP;
  const { username, kuid, kg } = options;
  const rakp2 = await wire.ask({
    what: "RAKP 1",
    until,
    encode: () => encodePlusFrame(PAYLOAD.rakp1, encodeRakp1({ tag, bmcId, consoleRandom, role, username })),
    accept(frame) {
      const payload = setUp(frame, PAYLOAD.rakp2);
      if (payload === undefined) return undefined;
      const response = decodeRakp2(payload);
      if (response.tag !== tag) return undefined;
      if (FORGOTTEN.has(response.status)) return "forgotten" as const;
      if (!("code" in response)) throw fail(response.status, "RAKP 1");
      return response.consoleId === consoleId ? response : undefined;
    },
  });
  if (rakp2 === "forgotten") return undefined;
  const { bmcRandom, guid } = rakp2;
  wire.note(`RAKP 2: BMC GUID ${hex(guid)}`);

  const handshake: Handshake = { suite, consoleId, bmcId, consoleRandom, bmcRandom, guid, role, username, kuid, kg };
  if (!sameBytes(rakp2.code, rakp2Code(handshake))) {
    wire.note("RAKP 2: the key exchange code does not match our password");
    // Tells the BMC to drop the half-open session (§13.22); an answer is not needed.
    wire.post(encodePlusFrame(PAYLOAD.rakp3, encodeRakp3({ tag, status: 0x0f, bmcId, code: new Uint8Array() })));
    throw wrongPassword(options, wire.evidence);
  }

  const keys = sessionKeys(handshake);
  const rakp4 = await wire.ask({
    what: "RAKP 3",
    until,
    encode: () => encodePlusFrame(PAYLOAD.rakp3, encodeRakp3({ tag, status: 0, bmcId, code: rakp3Code(handshake) })),
    accept(frame) {
      const payload = setUp(frame, PAYLOAD.rakp4);
      if (payload === undefined) return undefined;
      const response = decodeRakp4(payload);
      // The BMC proved the password in RAKP 2, so 0F here means it computed with another RAKP 1 than ours.
      if (response.tag !== tag) return undefined;
      if (FORGOTTEN.has(response.status) || response.status === 0x0f) return "forgotten" as const;
      if (response.status !== 0) throw fail(response.status, "RAKP 3");
      return response.consoleId === consoleId ? response : undefined;
    },
  });
  if (rakp4 === "forgotten") return undefined;
  if (!sameBytes(rakp4.check, rakp4Check(handshake, keys.sik))) {
    wire.note("RAKP 4: the integrity check value does not match our K_g");
    throw wrongKg(options, needsKg, wire.evidence);
  }
  return { consoleId, bmcId, protection: { suite, keys } };
}

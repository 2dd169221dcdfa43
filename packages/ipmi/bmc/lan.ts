import { decodePing, encodePong } from "../codec/asf.ts";
import { MalformedError } from "../codec/bytes.ts";
import { decodeFrame, encodePlainFrame, encodePlusFrame, PAYLOAD } from "../codec/frame.ts";
import type { Frame, PlusFrame } from "../codec/frame.ts";
import { decodeRequest, encodeResponse } from "../codec/message.ts";
import { seal, unseal } from "../codec/protect.ts";
import { decodeRmcp, encodeRmcp, RMCP_ASF, RMCP_IPMI } from "../codec/rmcp.ts";
import { createAdmission } from "./admission.ts";
import type { AdmissionParts } from "./admission.ts";
import { ANYONE, LAN_CHANNEL } from "./dispatch.ts";
import type { Asker, Dispatch } from "./dispatch.ts";
import type { Active } from "./sessions.ts";

/** Commands of one session worked on at once; more are dropped, and the console repeats them. */
const MOST_IN_PROGRESS = 8;
/** Milliseconds within which the same command with the same sequence number is a repetition (IPMI 2.0 §6.12.11). */
const REPETITION = 5000;
const MOST_RECENT = 16;

/** Handles datagrams that came over the network; never rejects. */
export type LanHandler = (datagram: Uint8Array, reply: (datagram: Uint8Array) => void) => Promise<void>;

export function createLan(parts: AdmissionParts, dispatch: Dispatch, onDefect: (error: unknown) => void): LanHandler {
  const { sessions, channel, random, now } = parts;
  const admission = createAdmission(parts);

  const sessionless = async (payload: Uint8Array): Promise<Uint8Array> => {
    const request = decodeRequest(payload);
    return encodeResponse(request, await dispatch(request, { channel: LAN_CHANNEL, privilege: ANYONE }));
  };

  const inSession = async (frame: PlusFrame): Promise<Uint8Array | undefined> => {
    const session = sessions.active(frame.sessionId);
    if (session === undefined || frame.payloadType !== PAYLOAD.ipmi) return undefined;
    const payload = unseal(session.protection, frame);
    if (!session.replay.accept(frame.sequence)) return undefined;
    session.lastUsed = now();
    const answer = await once(session, payload);
    if (answer === undefined) return undefined;
    session.sequence += 1;
    return seal(session.protection, {
      payloadType: PAYLOAD.ipmi,
      sessionId: session.consoleId,
      sequence: session.sequence,
      payload: answer,
      iv: random(16),
    });
  };

  /** Does a command, but a repetition of a recent one (same sequence number, same data) only once. */
  const once = async (session: Active, payload: Uint8Array): Promise<Uint8Array | undefined> => {
    const request = decodeRequest(payload);
    const { recent } = session;
    while (recent[0] !== undefined && (recent.length >= MOST_RECENT || now() - recent[0].since > REPETITION))
      recent.shift();
    const done = recent.find((one) => Buffer.compare(one.request, payload) === 0);
    if (done !== undefined) return done.answer;
    if (session.inProgress >= MOST_IN_PROGRESS) return undefined;
    const work: Active["recent"][number] = { request: payload.slice(), since: now() };
    recent.push(work);
    session.inProgress += 1;
    try {
      work.answer = encodeResponse(request, await dispatch(request, askerOf(session)));
      return work.answer;
    } finally {
      session.inProgress -= 1;
    }
  };

  const askerOf = (session: Active): Asker => ({
    channel: LAN_CHANNEL,
    privilege: session.privilege,
    session: {
      maxPrivilege: session.maxPrivilege,
      setPrivilege(level) {
        session.privilege = level;
      },
      close(bmcId) {
        if (bmcId === session.bmcId) sessions.drop(bmcId);
        return bmcId === session.bmcId;
      },
    },
  });

  const answer = async (frame: Frame): Promise<Uint8Array | undefined> => {
    if (frame.sessionId !== 0) return frame.format === "2.0" ? inSession(frame) : undefined;
    if (frame.format === "1.5") return encodePlainFrame(await sessionless(frame.payload));
    if (frame.authenticated || frame.encrypted) return undefined;
    switch (frame.payloadType) {
      case PAYLOAD.ipmi:
        return encodePlusFrame(PAYLOAD.ipmi, await sessionless(frame.payload));
      case PAYLOAD.openRequest:
        return admission.open(frame.payload);
      case PAYLOAD.rakp1:
        return admission.rakp1(frame.payload);
      case PAYLOAD.rakp3:
        return admission.rakp3(frame.payload);
      default:
        return undefined;
    }
  };

  return async (datagram, reply) => {
    // Access mode 0: IPMI over LAN is switched off (§22.22).
    if ((channel.access.flags & 0x07) === 0) return;
    try {
      const { messageClass, body } = decodeRmcp(datagram);
      if (messageClass === RMCP_ASF) {
        const ping = decodePing(body);
        if (ping !== undefined) reply(encodeRmcp(RMCP_ASF, encodePong(ping.tag)));
      } else if (messageClass === RMCP_IPMI) {
        const said = await answer(decodeFrame(body));
        if (said !== undefined) reply(encodeRmcp(RMCP_IPMI, said));
      }
    } catch (error) {
      // What cannot be read is not answered (§13.1.3).
      if (!(error instanceof MalformedError)) onDefect(error);
    }
  };
}

import { sameBytes } from "../codec/bytes.ts";
import { encodePlusFrame, PAYLOAD } from "../codec/frame.ts";
import { rakp2Code, rakp3Code, rakp4Check, sessionKeys, toKey } from "../codec/keys.ts";
import type { Handshake } from "../codec/keys.ts";
import { decodeOpenSessionRequest, encodeOpenSessionResponse } from "../codec/open-session.ts";
import { decodeRakp1 } from "../codec/rakp1.ts";
import { encodeRakp2, encodeRefusal } from "../codec/rakp2.ts";
import { decodeRakp3 } from "../codec/rakp3.ts";
import { encodeRakp4 } from "../codec/rakp4.ts";
import { createReplayWindow } from "../codec/replay.ts";
import { PRIVILEGE } from "../codec/status.ts";
import { suiteOf } from "../codec/suites.ts";
import type { ChannelState } from "./channel.ts";
import type { Sessions } from "./sessions.ts";
import { privilegeLevel } from "./users.ts";
import type { Users } from "./users.ts";

const LONGEST_NAME = 16;

/** What letting consoles in depends on. */
export interface AdmissionParts {
  readonly sessions: Sessions;
  readonly users: Users;
  readonly channel: ChannelState;
  readonly guid: Uint8Array;
  readonly random: (count: number) => Uint8Array;
  readonly now: () => number;
}

/** Answers the messages that set a session up: each gives the reply's RMCP body, or undefined for silence. */
export interface Admission {
  open(payload: Uint8Array): Uint8Array;
  rakp1(payload: Uint8Array): Uint8Array;
  rakp3(payload: Uint8Array): Uint8Array | undefined;
}

export function createAdmission({ sessions, users, channel, guid, random, now }: AdmissionParts): Admission {
  return {
    /** Open Session Request (IPMI 2.0 §13.17). */
    open(payload) {
      const { tag, consoleId, privilege, algorithms } = decodeOpenSessionRequest(payload);
      const again = sessions.opening(payload);
      if (again !== undefined) return again.openReply;
      const answer = (response: Parameters<typeof encodeOpenSessionResponse>[0]): Uint8Array =>
        encodePlusFrame(PAYLOAD.openResponse, encodeOpenSessionResponse(response));
      const suite = suiteOf(algorithms, channel.suites);
      if (suite === undefined) return answer({ tag, status: 0x11, consoleId });
      if (privilege > PRIVILEGE.administrator) return answer({ tag, status: 0x09, consoleId });
      if (sessions.full) return answer({ tag, status: 0x01, consoleId });
      const highest = privilege === 0 ? PRIVILEGE.administrator : privilege;
      const bmcId = sessions.newId();
      const reply = answer({ tag, status: 0, privilege: highest, consoleId, bmcId, algorithms: suite.algorithms });
      const openRequest = payload.slice();
      sessions.addPending({ bmcId, consoleId, suite, privilege: highest, openRequest, openReply: reply, since: now() });
      return reply;
    },

    /** RAKP 1 (IPMI 2.0 §13.20). */
    rakp1(payload) {
      const { tag, bmcId, consoleRandom, role, username } = decodeRakp1(payload);
      const pending = sessions.pending(bmcId);
      const refuse = (status: number): Uint8Array =>
        encodePlusFrame(PAYLOAD.rakp2, encodeRefusal({ tag, status, consoleId: pending?.consoleId ?? 0 }));
      if (pending === undefined) return refuse(0x02);
      if (pending.rakp1 !== undefined && Buffer.compare(pending.rakp1.request, payload) === 0)
        return pending.rakp1.reply;
      if (username.length > LONGEST_NAME) return refuse(0x0c);
      const user = users.find(username);
      if (user === undefined) return refuse(0x0d);
      const wanted = (role & 0x0f) === 0 ? pending.privilege : role & 0x0f;
      const allowed = Math.min(privilegeLevel(user), channel.access.limit);
      if (wanted > PRIVILEGE.administrator) return refuse(0x09);
      if (wanted > allowed) return refuse(0x0a);
      const { consoleId, suite } = pending;
      const bmcRandom = Uint8Array.from(random(16));
      const handshake: Handshake = {
        suite,
        consoleId,
        bmcId,
        consoleRandom: consoleRandom.slice(),
        bmcRandom,
        guid,
        role,
        username: username.slice(),
        kuid: toKey(new TextEncoder().encode(user.password)),
        kg: channel.kg,
      };
      const rakp2 = encodeRakp2({ tag, status: 0, consoleId, bmcRandom, guid, code: rakp2Code(handshake) });
      const reply = encodePlusFrame(PAYLOAD.rakp2, rakp2);
      pending.rakp1 = { request: payload.slice(), reply, handshake, limit: Math.min(wanted, pending.privilege) };
      return reply;
    },

    /** RAKP 3 (IPMI 2.0 §13.22). */
    rakp3(payload) {
      const { tag, status, bmcId, code } = decodeRakp3(payload);
      const active = sessions.active(bmcId);
      const accept = (consoleId: number, check: Uint8Array): Uint8Array =>
        encodePlusFrame(PAYLOAD.rakp4, encodeRakp4({ tag, status: 0, consoleId, check }));
      if (active !== undefined && sameBytes(active.rakp3Code, code)) return accept(active.consoleId, active.rakp4Check);
      const pending = sessions.pending(bmcId);
      const refuse = (refused: number): Uint8Array =>
        encodePlusFrame(PAYLOAD.rakp4, encodeRefusal({ tag, status: refused, consoleId: pending?.consoleId ?? 0 }));
      if (pending?.rakp1 === undefined) return refuse(0x02);
      // Neither a console that gives up nor a wrong code is proof of who sent it: the half-open session stays until it expires.
      if (status !== 0) return undefined;
      const { handshake, limit } = pending.rakp1;
      const { consoleId, suite } = pending;
      if (!sameBytes(code, rakp3Code(handshake))) return refuse(0x0f);
      if (sessions.full) return refuse(0x01);
      const keys = sessionKeys(handshake);
      const check = rakp4Check(handshake, keys.sik);
      sessions.addActive({
        bmcId,
        consoleId,
        protection: { suite, keys },
        replay: createReplayWindow(),
        maxPrivilege: limit,
        privilege: Math.min(limit, PRIVILEGE.user),
        rakp3Code: code.slice(),
        rakp4Check: check,
        sequence: 0,
        lastUsed: now(),
        recent: [],
        inProgress: 0,
      });
      return accept(consoleId, check);
    },
  };
}

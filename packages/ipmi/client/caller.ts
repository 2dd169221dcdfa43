import { MalformedError } from "../codec/bytes.ts";
import { PAYLOAD } from "../codec/frame.ts";
import { decodeResponse, encodeRequest } from "../codec/message.ts";
import type { ResponseMessage } from "../codec/message.ts";
import { seal, unseal } from "../codec/protect.ts";
import { createReplayWindow } from "../codec/replay.ts";
import { completionText, isPassing } from "../codec/status.ts";
import { IpmiError } from "./errors.ts";
import type { Opened } from "./handshake.ts";
import type { CheckedOptions } from "./options.ts";
import type { Wire } from "./wire.ts";
import { sleep } from "./world.ts";
import type { Random, Timers } from "./world.ts";

/** What calls within a session are made of. */
export interface CallerParts {
  readonly wire: Wire;
  readonly timers: Timers;
  readonly random: Random;
  readonly options: CheckedOptions;
  readonly opened: Opened;
  /** End of the session's time on the clock. */
  readonly until: number;
}

/** One command within a session. */
export interface Call<T> {
  readonly what: string;
  readonly netFn: number;
  readonly command: number;
  readonly data: Uint8Array;
  /** Reads the data behind completion code 00; a MalformedError from here blames the BMC. */
  readonly decode: (data: Uint8Array) => T;
  readonly until?: number;
  /** Do not ask again when the completion code says "later". */
  readonly once?: boolean;
}

/** How often a command is asked again after a passing completion code, and the first pause in milliseconds. */
const MOST_TRIES = 5;
const FIRST_PAUSE = 200;

/** Sends commands in a session, one at a time; passing completion codes are waited out. */
export function createCaller({ wire, timers, random, options, opened, until }: CallerParts) {
  const { protection, consoleId, bmcId } = opened;
  const replay = createReplayWindow();
  let sessionSequence = 0;
  let requestSequence = 0;

  const exchange = <T>(request: Call<T>, end: number): Promise<ResponseMessage> => {
    requestSequence = (requestSequence + 1) & 0x3f;
    const sequence = requestSequence;
    return wire.ask({
      what: request.what,
      until: end,
      encode() {
        sessionSequence += 1;
        return seal(protection, {
          payloadType: PAYLOAD.ipmi,
          sessionId: bmcId,
          sequence: sessionSequence,
          payload: encodeRequest(request, sequence),
          iv: random(16),
        });
      },
      accept(frame) {
        if (frame.format !== "2.0" || frame.sessionId !== consoleId || frame.payloadType !== PAYLOAD.ipmi)
          return undefined;
        const payload = unseal(protection, frame);
        if (!replay.accept(frame.sequence)) return undefined;
        const response = decodeResponse(payload);
        if (response.sequence !== sequence) return undefined;
        if (response.netFn !== (request.netFn | 1) || response.command !== request.command) {
          throw new MalformedError(`a reply to command ${response.command.toString(16)}, which was not asked`);
        }
        return response;
      },
    });
  };

  const call = async <T>(request: Call<T>): Promise<T> => {
    const end = request.until ?? until;
    let pause = FIRST_PAUSE;
    for (let tries = 1; ; tries += 1) {
      const { completion, data } = await exchange(request, end);
      wire.note(`${request.what}: ${completionText(completion)}`);
      if (completion === 0) return decodeOrBlame(request, data, options.address, wire.evidence);
      const again = request.once !== true && isPassing(completion) && tries < MOST_TRIES && timers.now() + pause < end;
      if (!again) throw refusedCommand(request.what, completion, options.address, wire.evidence);
      await sleep(timers, pause);
      pause *= 2;
    }
  };

  let before: Promise<unknown> = Promise.resolve();
  return <T>(request: Call<T>): Promise<T> => {
    const mine = before.then(() => call(request));
    before = mine.catch(() => {});
    return mine;
  };
}

function decodeOrBlame<T>(request: Call<T>, data: Uint8Array, address: string, evidence: readonly string[]): T {
  try {
    return request.decode(data);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new IpmiError(
      "malformed-reply",
      `${address} answered ${request.what} with something that is not a valid reply: ${error.message}`,
      "Restart the BMC and update its firmware.",
      { evidence },
    );
  }
}

function refusedCommand(what: string, completion: number, address: string, evidence: readonly string[]): IpmiError {
  const said = `${address} refused ${what} with ${completionText(completion)}`;
  const more = { evidence, completion };
  if (completion === 0xd4) {
    return new IpmiError(
      "privilege-refused",
      said,
      "Use a higher privilege, or a user who has it on the LAN channel.",
      more,
    );
  }
  const next = isPassing(completion)
    ? "The BMC is busy: try again in a minute; if it stays so, restart the BMC."
    : "The BMC does not do this as asked: update its firmware, or use another power driver.";
  return new IpmiError("completion", said, next, more);
}

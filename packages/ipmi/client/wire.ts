import { MalformedError } from "../codec/bytes.ts";
import { decodeFrame } from "../codec/frame.ts";
import type { Frame } from "../codec/frame.ts";
import { decodeRmcp, encodeRmcp, RMCP_IPMI } from "../codec/rmcp.ts";
import { IpmiError } from "./errors.ts";
import type { Timers, Transport } from "./world.ts";

/** First wait for a reply, growth per retransmission, and the longest wait, in milliseconds. */
const FIRST_WAIT = 400;
const GROWTH = 1.4;
const LONGEST_WAIT = 2000;
const MOST_EVIDENCE = 40;

/** One question to one BMC. */
export interface Question<T> {
  /** Names the question in evidence and errors. */
  readonly what: string;
  /** The body of the RMCP datagram, made anew for each transmission. */
  readonly encode: () => Uint8Array;
  /**
   * Judges a frame: a value is the answer, undefined means "not for this question".
   * A thrown MalformedError is remembered and waiting goes on; any other error ends the question.
   */
  readonly accept: (frame: Frame) => T | undefined;
  /** Gives up at this time of the clock. */
  readonly until: number;
}

/** The exchange of datagrams with one BMC: retransmission, time-outs, and a record of what was said. */
export interface Wire {
  ask<T>(question: Question<T>): Promise<T>;
  /** Sends once and expects nothing. */
  post(body: Uint8Array): void;
  receive(datagram: Uint8Array): void;
  note(line: string): void;
  readonly evidence: readonly string[];
}

export function createWire(world: { transport: Transport; timers: Timers }, address: string, port: number): Wire {
  const { transport, timers } = world;
  const evidence: string[] = [];
  let current: ((frame: Frame) => void) | undefined;
  let malformed: ((reason: string) => void) | undefined;

  const note = (line: string): void => {
    if (evidence.length < MOST_EVIDENCE) evidence.push(line);
  };
  const post = (body: Uint8Array): void => transport.send(encodeRmcp(RMCP_IPMI, body), address, port);

  return {
    evidence,
    note,
    post,
    receive(datagram) {
      try {
        const { messageClass, body } = decodeRmcp(datagram);
        if (messageClass === RMCP_IPMI) current?.(decodeFrame(body));
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        malformed?.(error.message);
      }
    },
    ask<T>({ what, encode, accept, until }: Question<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let wait = FIRST_WAIT;
        let sent = 0;
        let nonsense: string | undefined;
        let cancel: () => void = () => {};
        const finish = (end: () => void): void => {
          cancel();
          current = undefined;
          malformed = undefined;
          end();
        };
        const giveUp = (): void => {
          note(`${what}: sent ${sent} times to ${address} port ${port}, ${nonsense ?? "no answer"}`);
          finish(() => reject(silence(what, address, port, nonsense, evidence)));
        };
        const transmit = (): void => {
          const left = until - timers.now();
          // A timer may fire a fraction of a millisecond early.
          if (left < 1) return giveUp();
          sent += 1;
          post(encode());
          cancel = timers.after(Math.min(wait, left), transmit);
          wait = Math.min(wait * GROWTH, LONGEST_WAIT);
        };
        malformed = (reason) => {
          nonsense = reason;
        };
        current = (frame) => {
          try {
            const answer = accept(frame);
            if (answer !== undefined) finish(() => resolve(answer));
          } catch (error) {
            if (error instanceof MalformedError) nonsense = error.message;
            else finish(() => reject(error instanceof Error ? error : new Error(String(error))));
          }
        };
        transmit();
      });
    },
  };
}

/** What to do about a BMC that does not answer. */
export const silentNext =
  "Check the address, that the BMC has power and network, that IPMI over LAN is enabled in it, and that UDP 623 is not filtered.";

function silence(
  what: string,
  address: string,
  port: number,
  nonsense: string | undefined,
  evidence: readonly string[],
): IpmiError {
  if (nonsense !== undefined) {
    return new IpmiError(
      "malformed-reply",
      `${address} port ${port} answered ${what} only with something that is not a valid reply: ${nonsense}`,
      "Check that this address and port belong to a BMC; if they do, restart the BMC and update its firmware.",
      { evidence },
    );
  }
  return new IpmiError("no-answer", `${address} port ${port} did not answer ${what}`, silentNext, { evidence });
}

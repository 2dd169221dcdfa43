import { randomBytes } from "node:crypto";
import { linkAccepted, linkChallenge, linkProofOf, sameDigest } from "@rackwright/contract/rack";
import { WebSocket } from "ws";
import type { z } from "zod";
import { linkUrl, type RegionAddress } from "./address.ts";

export const linkPath = "/rack/v1/link";

export interface Identity {
  readonly name: string;
  readonly secret: Uint8Array;
}

/** Largest frame taken from a region: a whole configuration document. */
const frameLimit = 64 * 1024 * 1024;

/**
 * Opens a link and goes through the rack's half of the handshake (contract/rack-link.ts). Resolves with a socket over
 * which both sides have proved the secret. @throws Error in one sentence: not reachable, refused, or not our region
 */
export async function connectRegion(region: RegionAddress, self: Identity, timeout: number): Promise<WebSocket> {
  const socket = new WebSocket(linkUrl(region, linkPath), {
    handshakeTimeout: timeout,
    maxPayload: frameLimit,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const frames = new Frames(socket, timeout);
  try {
    const { challenge } = await frames.next(linkChallenge);
    const nonce = randomBytes(32).toString("hex");
    const proof = linkProofOf(self.secret, "rack", self.name, challenge, nonce);
    socket.send(JSON.stringify({ rack: self.name, nonce, proof }));
    const accepted = await frames.next(linkAccepted);
    if (!sameDigest(accepted.proof, linkProofOf(self.secret, "region", self.name, nonce, challenge)))
      throw new Error("the region does not know this rack's secret: it is not our region");
    return socket;
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    frames.end();
  }
}

/** The handshake's frames, one at a time; any end of the connection and a time-out reject. */
class Frames {
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  #take: ((text: string) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #failed: Error | undefined;
  readonly #message = (data: Buffer): void => this.#take?.(data.toString("utf8"));
  readonly #close = (code: number): void => this.#break(new Error(closeReason(code)));

  constructor(socket: WebSocket, timeout: number) {
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#break(new Error(`no handshake within ${timeout} ms`)), timeout);
    // Stays after the handshake: an error without a listener would end the process. `close` follows every error.
    socket.on("error", (error) => this.#break(error));
    socket.on("message", this.#message);
    socket.on("close", this.#close);
  }

  next<T extends z.ZodType>(schema: T): Promise<z.output<T>> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) reject(this.#failed);
      this.#fail = reject;
      this.#take = (text) => {
        const parsed = schema.safeParse(parse(text));
        if (parsed.success) resolve(parsed.data);
        else reject(new Error("the other side does not speak the handshake of a region"));
      };
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#socket.off("message", this.#message);
    this.#socket.off("close", this.#close);
  }

  #break(error: Error): void {
    this.#failed = error;
    this.#fail?.(error);
  }
}

function closeReason(code: number): string {
  if (code === 4401)
    return "the region did not accept this rack: compare its name and its secret file with the region's";
  return `the region closed the link (${code})`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

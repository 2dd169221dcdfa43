import { randomBytes } from "node:crypto";
import { linkProof, linkProofOf, sameDigest } from "@rackwright/contract";
import type { WebSocket } from "ws";

/** Milliseconds a rack has for its proof. */
export const handshakeTimeout = 5000;

/** `claims` is the name under which the refused one came, once it has named itself. */
export type HandshakeOutcome = { readonly rack: string } | { readonly refused: string; readonly claims?: string };

/**
 * The region's half of the link handshake (contract/rack-link.ts). Resolves with the rack's name once both sides have
 * proved the secret; with a reason, which must not be told to the other side, otherwise. Never rejects.
 *
 * @param secretOf the secret of a rack, undefined when there is no such rack
 */
export async function acceptRack(
  socket: WebSocket,
  secretOf: (rack: string) => Promise<Uint8Array | undefined>,
  timeout = handshakeTimeout,
): Promise<HandshakeOutcome> {
  const challenge = randomBytes(32).toString("hex");
  const answer = firstFrame(socket, timeout);
  socket.send(JSON.stringify({ challenge }));
  const text = await answer;
  if (text === undefined) return { refused: "no proof came in time" };
  const proof = linkProof.safeParse(parse(text));
  if (!proof.success) return { refused: "the first frame is no proof" };
  const { rack, nonce } = proof.data;
  let secret: Uint8Array | undefined;
  try {
    secret = await secretOf(rack);
  } catch (error) {
    return { refused: `the secret could not be read: ${String(error)}` };
  }
  // An unknown name takes the same way as a wrong proof, so that names cannot be found out by the time it takes.
  const expected = linkProofOf(secret ?? randomBytes(32), "rack", rack, challenge, nonce);
  if (!sameDigest(expected, proof.data.proof) || secret === undefined)
    return {
      refused: secret === undefined ? `there is no rack '${rack}'` : `wrong proof for rack '${rack}'`,
      claims: rack,
    };
  socket.send(JSON.stringify({ proof: linkProofOf(secret, "region", rack, nonce, challenge) }));
  return { rack };
}

function firstFrame(socket: WebSocket, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const done = (text?: string): void => {
      clearTimeout(timer);
      socket.off("message", take);
      socket.off("close", gone);
      resolve(text);
    };
    const take = (data: unknown, binary: boolean): void => done(binary ? undefined : String(data));
    const gone = (): void => done();
    const timer = setTimeout(gone, timeout);
    socket.on("message", take);
    socket.on("close", gone);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Bytes with a meaning on the link between QEMU's `ipmi-bmc-extern` and a BMC; data bytes equal to one are escaped. */
export const END_OF_MESSAGE = 0xa0;
export const END_OF_COMMAND = 0xa1;
const ESCAPE = 0xaa;
const ESCAPE_BIT = 0x10;

/** Longest message or command taken, in bytes. */
const LONGEST = 300;

/** A piece of the stream: an IPMI message or a command of the link itself. */
export interface Piece {
  readonly kind: "message" | "command";
  readonly bytes: Uint8Array;
}

/** Escapes data and adds the byte that ends it. */
export function encodePiece({ kind, bytes }: Piece): Uint8Array {
  const out: number[] = [];
  for (const byte of bytes) {
    if (byte === END_OF_MESSAGE || byte === END_OF_COMMAND || byte === ESCAPE) out.push(ESCAPE, byte | ESCAPE_BIT);
    else out.push(byte);
  }
  out.push(kind === "message" ? END_OF_MESSAGE : END_OF_COMMAND);
  return Uint8Array.from(out);
}

/** Cuts a stream into pieces, whatever the boundaries of its chunks; a piece that is too long or ends escaped is dropped. */
export function createPieceReader(onPiece: (piece: Piece) => void): (chunk: Uint8Array) => void {
  let collected: number[] = [];
  let escaped = false;
  let spoilt = false;
  const end = (kind: Piece["kind"]): void => {
    const bytes = Uint8Array.from(collected);
    const good = !spoilt && !escaped && bytes.length > 0;
    collected = [];
    escaped = false;
    spoilt = false;
    if (good) onPiece({ kind, bytes });
  };
  return (chunk) => {
    for (const byte of chunk) {
      if (byte === END_OF_MESSAGE) end("message");
      else if (byte === END_OF_COMMAND) end("command");
      else if (byte === ESCAPE) escaped = true;
      else if (collected.length >= LONGEST) spoilt = true;
      else {
        collected.push(escaped ? byte & ~ESCAPE_BIT : byte);
        escaped = false;
      }
    }
  };
}

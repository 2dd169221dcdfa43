/** Numbers that are the same in every run (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One valid message spoilt: bytes changed, cut out, doubled, cut short or made long. */
export function spoil(message: Uint8Array, random: (below: number) => number): Buffer {
  let spoilt = Buffer.from(message);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(spoilt.length + 1);
    switch (random(6)) {
      case 0:
        spoilt[at] = random(256);
        break;
      case 1:
        spoilt[at] = random(2) * 255;
        break;
      case 2:
        spoilt = Buffer.concat([spoilt.subarray(0, at), spoilt.subarray(at + 1 + random(8))]);
        break;
      case 3:
        spoilt = Buffer.concat([spoilt.subarray(0, at), spoilt.subarray(Math.max(0, at - random(64)))]);
        break;
      case 4:
        spoilt = spoilt.subarray(0, at);
        break;
      default:
        spoilt = Buffer.concat([spoilt, Buffer.alloc(random(900), random(256))]);
    }
  }
  return spoilt;
}

/** So many spoilt messages, made from the valid ones by turns, in base64; the same ones in every run. */
export function spoiltMessages(valid: readonly Uint8Array[], count: number, seed: number): string[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, at) =>
    spoil(valid[at % valid.length] ?? new Uint8Array(), random)
      .subarray(0, 1472)
      .toString("base64"),
  );
}

import assert from "node:assert/strict";
import test from "node:test";
import { keptOutput } from "@rackwright/contract";
import fc from "fast-check";
import { outputStream, pieceSize } from "./output.ts";

function collected(): { stream: ReturnType<typeof outputStream>; sent: { offset: number; data: Buffer }[] } {
  const sent: { offset: number; data: Buffer }[] = [];
  return { stream: outputStream((offset, data) => sent.push({ offset, data })), sent };
}

test("whatever the size of its chunks, an output arrives whole, in order, in pieces of at most 64 KiB", () => {
  const chunk = fc
    .uint8Array({ maxLength: 200 })
    .chain((bytes) => fc.integer({ min: 1, max: 900 }).map((times) => ({ bytes, times })));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), fc.array(fc.boolean(), { maxLength: 12 }), (chunks, ticks) => {
      const { stream, sent } = collected();
      const written = chunks.map(({ bytes, times }, index) => {
        const data = Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)));
        stream.write(data);
        if (ticks[index] === true) stream.tick();
        return data;
      });
      stream.end();
      assert.deepEqual(Buffer.concat(sent.map(({ data }) => data)), Buffer.concat(written));
      let at = 0;
      for (const { offset, data } of sent) {
        assert.equal(offset, at);
        assert.ok(data.length > 0 && data.length <= pieceSize);
        at += data.length;
      }
    }),
    { numRuns: 60 },
  );
});

test("of an output larger than what is kept, the beginning and the end arrive, and offsets tell the gap", () => {
  const { stream, sent } = collected();
  const size = 3 * keptOutput + 12_345;
  const all = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
  for (let at = 0; at < size; at += 10_007) stream.write(all.subarray(at, at + 10_007));
  stream.end();
  const half = keptOutput / 2;
  const began = Buffer.concat(sent.filter(({ offset }) => offset < half).map(({ data }) => data));
  const ended = sent.filter(({ offset }) => offset >= half);
  assert.ok(began.equals(all.subarray(0, half)));
  assert.equal(ended[0]?.offset, size - half);
  assert.ok(Buffer.concat(ended.map(({ data }) => data)).equals(all.subarray(size - half)));
});

import { keptOutput } from "@rackwright/contract";
import type { Transaction } from "../database/pool.ts";

export type Stream = "out" | "err";
/** Bytes of a stream; `offset` counts from the beginning of the present run of the script. */
export type Piece = { stream: Stream; offset: number; data: Buffer };

const half = keptOutput / 2;
/** Bytes in one row, so that cutting takes away little at a time. */
const rowSize = 64 * 1024;
/** Rows of one stream at most: a stranger that sends single bytes with holes between must not fill the database. */
const mostRows = 50_000;
/** Positions stay exact numbers. */
const lastPosition = 2 ** 52;

type Segment = { stream: Stream; position: number; data: Buffer };

/**
 * Adds pieces to the output of a run, each byte once, wherever and however often it comes. Of a stream longer than
 * `keptOutput` the first and the last half are kept. With `again` the script began anew, and its offsets with it.
 */
export async function appendOutput(
  tx: Transaction,
  resultId: number,
  pieces: readonly Piece[],
  again = false,
): Promise<void> {
  await tx
    .insertInto("script_streams")
    .values((["out", "err"] as const).map((stream) => ({ result_id: resultId, stream })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (again)
    await tx
      .updateTable("script_streams")
      .set((eb) => ({ base: eb.ref("through") }))
      .where("result_id", "=", resultId)
      .execute();
  const streams = await tx
    .selectFrom("script_streams as s")
    .innerJoin("script_results as r", "r.id", "s.result_id")
    .select(["s.stream", "s.base", "s.through", "r.combined"])
    .where("s.result_id", "=", resultId)
    .execute();
  const arrived = join(
    pieces.flatMap(({ stream, offset, data }): Segment[] => {
      const position = (streams.find((one) => one.stream === stream)?.base ?? 0) + offset;
      return data.length === 0 || position + data.length > lastPosition ? [] : [{ stream, position, data }];
    }),
  );
  if (arrived.length === 0) return;
  const through = new Map(streams.map((one) => [one.stream, one.through]));
  const kept = await newOf(tx, resultId, arrived);
  let combined = streams[0]?.combined ?? 0;
  const rows = kept.map((segment) => {
    const seen = through.get(segment.stream) ?? 0;
    // What a stream passed over is passed over in the output of both, too.
    combined += Math.max(0, segment.position - seen);
    const row = { result_id: resultId, ...segment, size: segment.data.length, combined };
    combined += segment.data.length;
    through.set(segment.stream, Math.max(seen, segment.position + segment.data.length));
    return row;
  });
  const wanted = rows
    .flatMap(split)
    .filter(({ stream, position, size }) => !isCut(position, size, through.get(stream) ?? 0));
  await insertRows(tx, resultId, wanted);
  await tx.updateTable("script_results").set({ combined }).where("id", "=", resultId).execute();
  for (const { stream, through: before } of streams) {
    const end = through.get(stream) ?? before;
    if (end === before) continue;
    await tx
      .updateTable("script_streams")
      .set({ through: end })
      .where("result_id", "=", resultId)
      .where("stream", "=", stream)
      .execute();
    if (end > keptOutput)
      await tx
        .deleteFrom("script_output")
        .where("result_id", "=", resultId)
        .where("stream", "=", stream)
        .where("position", ">=", half)
        .where((eb) => eb(eb(eb.ref("position"), "+", eb.ref("size")), "<=", end - half))
        .execute();
  }
}

/** Whether these bytes belong to the middle of a stream that is too long to be kept whole. */
function isCut(position: number, size: number, end: number): boolean {
  return end > keptOutput && position >= half && position + size <= end - half;
}

/** Puts pieces that follow one another together. */
function join(pieces: readonly Segment[]): Segment[] {
  const joined: { stream: Stream; position: number; parts: Buffer[]; end: number }[] = [];
  for (const { stream, position, data } of pieces) {
    const last = joined.at(-1);
    if (last?.stream === stream && last.end === position) {
      last.parts.push(data);
      last.end += data.length;
    } else joined.push({ stream, position, parts: [data], end: position + data.length });
  }
  return joined.map(({ stream, position, parts }) => ({ stream, position, data: Buffer.concat(parts) }));
}

/** The parts of the pieces that are not there yet, in the order they came. */
async function newOf(tx: Transaction, resultId: number, arrived: readonly Segment[]): Promise<Segment[]> {
  const first = Math.min(...arrived.map(({ position }) => position));
  const there = await tx
    .selectFrom("script_output")
    .select(["stream", "position", "size"])
    .where("result_id", "=", resultId)
    .where("position", ">", first - rowSize)
    .where((eb) => eb(eb(eb.ref("position"), "+", eb.ref("size")), ">", first))
    .execute();
  const covered = there.map(({ stream, position, size }) => ({ stream, from: position, to: position + size }));
  return arrived.flatMap(({ stream, position, data }) => {
    const end = position + data.length;
    const blocks = covered
      .filter((block) => block.stream === stream && block.from < end && block.to > position)
      .sort((a, b) => a.from - b.from);
    const free: Segment[] = [];
    let at = position;
    for (const block of [...blocks, { from: end, to: end }]) {
      if (block.from > at)
        free.push({ stream, position: at, data: data.subarray(at - position, block.from - position) });
      at = Math.max(at, block.to);
    }
    covered.push({ stream, from: position, to: end });
    return free;
  });
}

type OutputRow = { result_id: number; stream: Stream; position: number; size: number; combined: number; data: Buffer };

function split(row: OutputRow): OutputRow[] {
  return Array.from({ length: Math.ceil(row.size / rowSize) }, (_, index) => {
    const data = row.data.subarray(index * rowSize, (index + 1) * rowSize);
    const moved = { position: row.position + index * rowSize, combined: row.combined + index * rowSize };
    return { ...row, ...moved, size: data.length, data };
  });
}

async function insertRows(tx: Transaction, resultId: number, rows: readonly OutputRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { count } = await tx
    .selectFrom("script_output")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("result_id", "=", resultId)
    .executeTakeFirstOrThrow();
  const room = Math.max(0, mostRows - count);
  for (let at = 0; at < Math.min(rows.length, room); at += 500)
    await tx
      .insertInto("script_output")
      .values(rows.slice(at, Math.min(at + 500, room)))
      .execute();
}

/** Puts a stream's whole output in the place of what was there. */
export async function replaceOutput(tx: Transaction, resultId: number, pieces: readonly Piece[]): Promise<void> {
  await tx.deleteFrom("script_output").where("result_id", "=", resultId).execute();
  await tx.deleteFrom("script_streams").where("result_id", "=", resultId).execute();
  await tx.updateTable("script_results").set({ combined: 0 }).where("id", "=", resultId).execute();
  await appendOutput(tx, resultId, pieces);
}

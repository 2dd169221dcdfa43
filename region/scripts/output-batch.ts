import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { gapLine } from "./output-read.ts";

/** Everything a run wrote: one stream, the other, and both in the order they came. */
export type WholeOutput = { out: Buffer; err: Buffer; combined: Buffer };

const nothing: WholeOutput = { out: Buffer.alloc(0), err: Buffer.alloc(0), combined: Buffer.alloc(0) };

/** Outputs of several runs, asked for at once; with a line in the place of what was not kept. */
export async function readOutputs(db: Kysely<Tables>, ids: readonly number[]): Promise<(id: number) => WholeOutput> {
  if (ids.length === 0) return () => nothing;
  const rows = await db
    .selectFrom("script_output")
    .select(["result_id", "stream", "position", "size", "combined", "data"])
    .where("result_id", "in", [...ids])
    .orderBy("result_id")
    .orderBy("combined")
    .execute();
  const outputs = new Map(
    [...Map.groupBy(rows, ({ result_id }) => result_id)].map(([id, pieces]): [number, WholeOutput] => [
      id,
      {
        out: joined(pieces.filter(({ stream }) => stream === "out").map((piece) => ({ ...piece, at: piece.position }))),
        err: joined(pieces.filter(({ stream }) => stream === "err").map((piece) => ({ ...piece, at: piece.position }))),
        combined: joined(pieces.map((piece) => ({ ...piece, at: piece.combined }))),
      },
    ]),
  );
  return (id) => outputs.get(id) ?? nothing;
}

function joined(pieces: { at: number; size: number; data: Buffer }[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const piece of pieces.toSorted((one, other) => one.at - other.at)) {
    if (piece.at > at) parts.push(Buffer.from(gapLine(piece.at - at)));
    parts.push(piece.data.subarray(Math.max(0, at - piece.at)));
    at = Math.max(at, piece.at + piece.size);
  }
  return Buffer.concat(parts);
}

import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";

export const outputStreams = ["out", "err", "combined"] as const;
export type OutputStream = (typeof outputStreams)[number];
export type Output = {
  /** The bytes from the offset on, with a line in the place of each part that was not kept. */
  data: Buffer;
  /** Where to go on. */
  next: number;
};

/** The line in the place of bytes that were not kept. */
export function gapLine(bytes: number): string {
  return `\n[… ${bytes} bytes left out …]\n`;
}

/**
 * Output of a run from an offset on: of one stream, or of both in the order they came. Offsets count every byte that was
 * written, also those that were not kept.
 */
export async function readOutput(
  db: Kysely<Tables>,
  resultId: number,
  stream: OutputStream,
  offset = 0,
): Promise<Output> {
  const column = stream === "combined" ? "combined" : "position";
  const rows = await db
    .selectFrom("script_output")
    .select(["data", "size", `${column} as at`])
    .where("result_id", "=", resultId)
    .$if(stream !== "combined", (query) => query.where("stream", "=", stream === "err" ? "err" : "out"))
    .where((eb) => eb(eb(eb.ref(column), "+", eb.ref("size")), ">", offset))
    .orderBy(column)
    .execute();
  const parts: Buffer[] = [];
  let at = offset;
  for (const row of rows) {
    if (row.at > at) parts.push(Buffer.from(gapLine(row.at - at)));
    parts.push(row.data.subarray(Math.max(0, at - row.at)));
    at = Math.max(at, row.at + row.size);
  }
  return { data: Buffer.concat(parts), next: at };
}

const tailLines = 8;

/** The last lines of runs' output, as text that can be shown. */
export async function lastLines(db: Kysely<Tables>, resultIds: readonly number[]): Promise<Map<number, string[]>> {
  if (resultIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("script_results as r")
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom("script_output")
          .select(["data", "combined as at"])
          .whereRef("result_id", "=", "r.id")
          .orderBy("combined", "desc")
          .limit(16)
          .as("o"),
      (join) => join.onTrue(),
    )
    .select(["r.id", "o.data", "o.at"])
    .where("r.id", "in", [...resultIds])
    .orderBy("o.at")
    .execute();
  return new Map(
    resultIds.map((id) => {
      const text = Buffer.concat(rows.filter((row) => row.id === id).map(({ data }) => data)).toString("utf8");
      const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
      return [id, lines.slice(-tailLines).map((line) => plain(line).slice(-500))];
    }),
  );
}

/** Without what a terminal would take for a command. */
function plain(line: string): string {
  return line.replaceAll(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, "").replaceAll(/(?!\t)\p{Cc}/gu, "\uFFFD");
}

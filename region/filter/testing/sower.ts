import { sql } from "kysely";
import { type Database, json } from "../../database/pool.ts";

/** Rows of each list. */
export const many = 14;

export type Row = Record<string, unknown>;

/** Numbers from 0 up to 1, the same for the same seed (xorshift32). */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const words = ["Alpha", "beta", "beta two", "100%", "under_score", "back\\slash", "Ärger", "star", "ab", "a"];

export type Sower = ReturnType<typeof sowerOf>;

/** Makes random values, and rows of them. */
export function sowerOf(db: Database, seed: number) {
  const random = randomOf(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const whole = (most: number): number => Math.floor(random() * most);
  const flag = (): boolean => random() < 0.5;
  const text = (): string => pick(words);
  return {
    pick,
    whole,
    flag,
    text,
    /** The value, or none. */
    some: <T>(value: T): T | null => (flag() ? value : null),
    subset: <T>(all: readonly T[]): T[] => all.filter(flag),
    time: (): string =>
      new Date(Date.UTC(2026, whole(3), 1 + whole(28), whole(24), whole(60), 0, whole(1000))).toISOString(),
    later: (): string => new Date(Date.now() + (1 + whole(1e6)) * 1000).toISOString(),
    mac: (index: number): string =>
      `52:54:00:00:${whole(256).toString(16).padStart(2, "0")}:${(16 + index).toString(16)}`,
    /** 32 bytes, as PostgreSQL reads them. */
    hash: (index: number): string => `\\x${index.toString(16).padStart(64, "0")}`,
    named: (index: number): Row => ({
      name: `${pick(["Alpha", "beta", "Gamma_x"])}-${index}`,
      description: text(),
    }),
    /** Puts rows into a table. Returns the ids, of a table that has them. */
    fill: async (
      table: string,
      row: (index: number) => Row,
      returning: string | null = "id",
      count = many,
    ): Promise<number[]> => {
      const rows = Array.from({ length: count }, (_, index) => row(index));
      const columns = sql.join(Object.keys(rows[0] ?? {}).map((name) => sql.ref(name)));
      const { rows: made } = await sql<{ id: number }>`insert into ${sql.table(table)} (${columns})
        select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${json(rows)}::jsonb)
        returning ${returning === null ? sql`0` : sql.ref(returning)} as id`.execute(db);
      return made.map(({ id }) => id);
    },
  };
}

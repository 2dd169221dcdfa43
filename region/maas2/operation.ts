import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { ApiDeps } from "../http/api.ts";
import type { Caller } from "../users/access.ts";

/** A file of a multipart body. */
export type Upload = { field: string; filename: string; data: Buffer };

/** What an operation knows besides its parameters. */
export type Call = {
  db: Database;
  clock: Clock;
  deps: ApiDeps;
  /** Who asks; null only where the operation answers strangers. `callerOf` gives it without the null. */
  caller: Caller | null;
  /** Scheme and host of the request, such as `http://region:5240`. */
  origin: string;
  /** The placeholders of the path, percent-decoded. */
  path: Readonly<Record<string, string>>;
  uploads: readonly Upload[];
  /** Address of whoever asks, for events and limits. */
  address: string;
  /** Ends when the client goes away. */
  signal: AbortSignal;
  request: { header(name: string): string | undefined; body: Buffer };
};

/** What an operation answers. `json` of undefined is not a thing: nothing to say is `{ json: null }`, as clients expect. */
export type Answer =
  | { status?: number; json: unknown; headers?: Record<string, string> }
  /** A JSON array, written as its items come. */
  | { status?: number; items: AsyncIterable<unknown> }
  /** A JSON document in pieces, where whoever answers writes it by himself. */
  | { status?: number; chunks: AsyncIterable<string | Buffer> }
  | { status?: number; text: string; headers?: Record<string, string> }
  | { status?: number; bytes: Buffer | Readable; type: string; headers?: Record<string, string> }
  | { status: 204 };

export type Access = "none" | "user" | "admin";

/** One thing a path can do. Parameters are the union of query and body; a schema reads them, see parameters.ts. */
export type Operation = {
  access: Access;
  /** What it does, in one sentence; the first line of what `describe/` says of it. */
  title: string;
  parameters: z.ZodObject;
  /**
   * How wrong parameters are told: as JSON `{field: [messages]}`, or as text `No provided x!` and `Invalid x: …`.
   * Where `strict`, names that are not known are refused.
   */
  errors: "form" | "text";
  strict: boolean;
  /** Bytes its body may have; a mebibyte unless said otherwise. More is refused before it is read. */
  limit?: number;
  /** Listed under the resource's anonymous name only. */
  strangersOnly?: true;
  run: (call: Call, parameters: never) => Promise<Answer>;
};

/** A path of the API with everything it can do, as `describe/` lists it. */
export type Resource = {
  /** MAAS's name of it, such as `MachineHandler`; null: not in `describe/`. */
  handler: string | null;
  /** Name under which it answers strangers, such as `AnonMachinesHandler`. */
  anonymous?: string;
  /** Below `/MAAS/api/2.0/`, with placeholders: `machines/{system_id}/`. A placeholder ending in `*` may hold slashes. */
  path: string;
  /** Other spellings of the path. */
  aliases?: readonly string[];
  doc: string;
  /** By method and, where there is one, op: `GET`, `POST`, `PUT`, `DELETE`, `GET details`, `POST deploy`. */
  operations: Readonly<Record<string, Operation>>;
};

/** Writes an operation down, so that `run` gets its parameters typed. */
export function operation<S extends z.ZodObject>(
  spec: {
    access: Access;
    title: string;
    parameters: S;
    run: (call: Call, parameters: z.output<S>) => Promise<Answer>;
  } & Partial<Pick<Operation, "errors" | "strict" | "limit" | "strangersOnly">>,
): Operation {
  return { errors: "form", strict: false, ...spec };
}

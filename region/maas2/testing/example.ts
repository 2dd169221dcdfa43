import type { Insertable } from "kysely";
import type { z } from "zod";
import type { Database } from "../../database/pool.ts";
import type { MachinesTable } from "../../database/tables/machines.ts";
import type { App } from "../../http/app.ts";

/** Who asks in a test: the administrator, an ordinary user, another ordinary user, or a stranger. */
export type Who = "admin" | "user" | "other" | "nobody";

/** A person of the test world; `key` is `consumer:token:secret`. */
export type Person = { id: number; username: string; password: string; key: string };

export type TestFile = { field: string; filename: string; data: Buffer | string };

/**
 * What is asked of one operation, besides method, path and op, which the table of operations gives. `query` and `form`
 * are encoded as clients do; a form with `files` goes as multipart.
 */
export type Example = {
  /** Values of the placeholders. */
  path?: Record<string, string | number>;
  query?: Record<string, string | string[]>;
  form?: Record<string, string | string[]>;
  files?: TestFile[];
  /** A body of another kind than a form. */
  body?: { type: string; data: Buffer | string };
  /** Who asks, where it is not the administrator. */
  as?: Who;
  /** The status, where the example's differs from the table's; say why in a comment. */
  status?: number;
  /** Parameters that take any text, so that a wrong one cannot be told. */
  lenient?: string[];
  /** A list that is truthfully empty here. Without it, a list must have an item, which shows its fields. */
  empty?: true;
};

/**
 * Examples that succeed, by row of the table: method, path and op as in `operations.json`, such as `GET zones/{name}/` or
 * `POST tags/{name}/ update_nodes`. Each is made afresh in a world that others changed before: it makes what it needs.
 */
export type Examples = Record<string, (world: World) => Example | Promise<Example>>;

/**
 * What replies look like: by the name of `success.body` in the table (`Subnet`; the list `Subnet[]` follows from it), or by
 * row like an example, where the table describes the body in words.
 */
export type Shapes = Record<string, z.ZodType>;

export type Asked = Pick<Example, "query" | "form" | "files" | "body" | "as"> & { op?: string | null };

/** What of an example is asked, without what is expected. */
export function askedOf({ path, query, form, files, body, as }: Example): Asked & Pick<Example, "path"> {
  return {
    ...(path && { path }),
    ...(query && { query }),
    ...(form && { form }),
    ...(files && { files }),
    ...(body && { body }),
    ...(as && { as }),
  };
}

export type Reply = {
  status: number;
  /** The whole header. */
  type: string;
  headers: Record<string, unknown>;
  text: string;
  bytes: Buffer;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the answer expected
  json: <T = unknown>() => T;
};

/** A region on a database of its own, with people and a machine. */
export type World = {
  app: App;
  db: Database;
  people: Record<Exclude<Who, "nobody">, Person>;
  /** Asks below `/MAAS/api/2.0/`; a path that begins with `/` is taken whole. */
  ask: (method: string, path: string, asked?: Asked) => Promise<Reply>;
  /** Asks, wants a success, and gives its JSON. */
  make: <T = Record<string, never>>(method: string, path: string, asked?: Asked) => Promise<T>;
  /** A name nobody had before. */
  fresh: (prefix?: string) => string;
  /** A machine that is there from the start: ready, with a disk and a card known from its inventory, owned by nobody. */
  machineId: string;
  /** Makes another machine as the database shall have it (default: ready). Returns its id. */
  machine: (values?: Partial<Insertable<MachinesTable>>) => Promise<string>;
};

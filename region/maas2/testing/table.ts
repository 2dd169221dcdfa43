import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { everyOperation } from "../dispatch.ts";
import type { Operation, Resource } from "../operation.ts";
import { shownPath } from "../paths.ts";
import type { Examples, Shapes } from "./example.ts";

const parameter = z.object({
  name: z.string(),
  in: z.enum(["query", "form", "file", "path"]),
  type: z.string(),
  required: z.boolean(),
  enum: z.array(z.unknown()).optional(),
});
const row = z.object({
  resource: z.string(),
  handler: z.string().nullable(),
  path: z.string(),
  method: z.string(),
  op: z.string().nullable(),
  auth: z.enum(["none", "user", "admin"]),
  params: z.array(parameter),
  success: z.object({ status: z.int(), body: z.string().nullable() }),
  tier: z.int(),
  alias: z.boolean().optional(),
  hidden_from_describe: z.boolean().optional(),
});
export type Parameter = z.infer<typeof parameter>;
export type Row = z.infer<typeof row> & { name: string };

/** Name of a row: `POST tags/{name}/ update_nodes`. */
const rowName = ({ method, path, op }: Pick<Row, "method" | "path" | "op">) =>
  `${method} ${path}${op === null ? "" : ` ${op}`}`;

/** Every operation of the MAAS API 2.0, with what it takes and answers. */
export function readTable(): Row[] {
  const text = readFileSync(join(import.meta.dirname, "../testdata/operations.json"), "utf8");
  return z
    .array(row)
    .parse(JSON.parse(text))
    .map((one) => ({ ...one, name: rowName(one) }));
}

/** Everything the files of a folder beside this one export, by its own keys. A key twice is a mistake. */
async function gathered<T>(folder: string, problems: string[]): Promise<Record<string, T>> {
  const all: Record<string, T> = {};
  for (const file of readdirSync(join(import.meta.dirname, "..", folder)).sort()) {
    if (!file.endsWith(".ts")) continue;
    const parts = await import(`../${folder}/${file}`).then(
      (module: Record<string, Record<string, T>>) => Object.entries(module),
      (error: unknown) => {
        problems.push(`${folder}/${file}: ${String(error)}`);
        return [];
      },
    );
    for (const [exported, part] of parts)
      if (/(Examples|Shapes)$/.test(exported)) {
        for (const name of Object.keys(part))
          if (name in all) problems.push(`${folder}/${file}: ${name} is there already`);
        Object.assign(all, part);
      }
  }
  return all;
}

/** The examples and shapes of all nouns, and what is wrong with their files. */
export async function readExamples(): Promise<{ examples: Examples; shapes: Shapes; problems: string[] }> {
  const problems: string[] = [];
  const examples = await gathered<Examples[string]>("examples", problems);
  const shapes = await gathered<z.ZodType>("shapes", problems);
  return { examples, shapes, problems };
}

/** What answers a row: the operation of the resource with this path, or with this other spelling of its path. */
export function implementationOf(resources: readonly Resource[]): (row: Row) => Operation | undefined {
  const known = new Map(
    everyOperation(resources).flatMap(({ resource, method, op, operation }) =>
      [resource.path, ...(resource.aliases ?? [])].map((path) => [
        rowName({ method, path: shownPath(path), op }),
        operation,
      ]),
    ),
  );
  return ({ name }) => known.get(name);
}

/** The shape of a row's reply; undefined where nobody wrote one down. */
export function shapeOf(row: Row, shapes: Shapes): z.ZodType | undefined {
  const body = row.success.body ?? "";
  const own = shapes[row.name] ?? shapes[body];
  if (own) return own;
  if (body === "json: null") return z.null();
  if (body === "json: true|false") return z.boolean();
  const list = /^(.*)\[\]$/.exec(body)?.[1];
  const names = list?.replaceAll(/[()]/g, "").split("|") ?? [];
  const items = names.flatMap((name) => shapes[name] ?? []);
  return items.length === 0 || items.length < names.length ? undefined : z.array(z.union(items));
}

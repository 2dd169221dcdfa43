import type { Operation } from "./document.ts";

/** The name of one of many: `fabrics` → `fabric`, `ip-addresses` → `ip-address`, `discoveries` → `discovery`. */
export function singular(plural: string): string {
  if (plural.endsWith("ies")) return `${plural.slice(0, -3)}y`;
  if (/(ss|x|ch)es$/.test(plural)) return plural.slice(0, -2);
  return plural.replace(/s$/, "");
}

/** A placeholder of a path, and what it is called in the command line. */
export type Placeholder = {
  readonly parameter: string;
  readonly argument: string;
  /** Path of the list its things are in, with the placeholders before it. */
  readonly collection: string;
};

export type Words = { readonly words: readonly string[]; readonly placeholders: readonly Placeholder[] };

const verbs = { GET: "show", POST: "run", PUT: "set", PATCH: "update", DELETE: "delete" } as const;

/**
 * What a route is called in the command line: `GET /api/v1/fabrics` is `fabrics list`, `PATCH /api/v1/fabrics/{id}` is
 * `fabrics update <fabric>`, `GET /api/v1/machines/{id}/timeline` is `machines timeline <machine>`.
 */
export function wordsOf(operation: Operation, all: readonly Operation[]): Words {
  const segments = operation.path.replace(/^\/api\/v1\//, "").split("/");
  const words: string[] = [];
  const placeholders: Placeholder[] = [];
  let collection = "/api/v1";
  for (const segment of segments) {
    const parameter = /^\{(.+)\}$/.exec(segment)?.[1];
    if (parameter === undefined) words.push(segment.replaceAll("_", "-"));
    else {
      const noun = singular(words.at(-1) ?? parameter);
      const taken = placeholders.some(({ argument }) => argument === noun);
      const plain = parameter === "id" || parameter === "name" || parameter === "username";
      placeholders.push({ parameter, argument: plain && !taken ? noun : parameter, collection });
    }
    collection += `/${segment}`;
  }
  const { method, path } = operation;
  const others = all.filter((one) => one.path === path);
  const isList = all.some((one) => one.path.startsWith(`${path}/{`)) || others.some(answersItems);
  if (path.endsWith("}")) {
    if (method !== "POST") words.push(verbs[method]);
  } else if (isList && (method === "GET" || method === "POST")) words.push(method === "GET" ? "list" : "create");
  else if (makesOneOfMany(operation)) words.push("create");
  else if (others.length > 1 || words.length === 1 || holdsMore(path, all)) words.push(verbs[method]);
  return { words, placeholders };
}

/** Whether a route makes one of the things its path ends with, such as the records of a name. */
const makesOneOfMany = ({ method, path, summary }: Operation): boolean =>
  method === "POST" && /\}\/[a-z_-]*[^s]s$/.test(path) && /^(add|make|create) an? /i.test(summary);

/** Whether other routes lie below a path: then its word is a group of commands. */
const holdsMore = (path: string, all: readonly Operation[]): boolean =>
  all.some((one) => one.path.startsWith(`${path}/`));

/** Whether a route answers with a page of items. */
export function answersItems({ method, answer, parameters }: Operation): boolean {
  return (
    method === "GET" &&
    (answer?.properties?.["items"] !== undefined || parameters.some(({ name }) => name === "cursor"))
  );
}

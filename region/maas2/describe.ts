import { createHash } from "node:crypto";
import { z } from "zod";
import { isRequired, metaOf } from "./input.ts";
import type { Operation, Resource } from "./operation.ts";
import { placeholders, shownPath } from "./paths.ts";

export type Action = { name: string; method: string; op: string | null; restful: boolean; doc: string };
export type Handler = { name: string; doc: string; params: string[]; path: string; actions: Action[] };
type Listed = { name: string; anon: Handler | null; auth: Handler | null };

/** What command lines and libraries of MAAS learn an API from. */
export type Description = { hash: string; listed: Listed[] };

/** Names of the operations that have no `op`. */
const restful: Record<string, string> = { GET: "read", POST: "create", PUT: "update", DELETE: "delete" };

/** Makes the description of the resources; the hash is the same for the same resources. */
export function describe(resources: readonly Resource[], base: string): Description {
  const anonymous = new Map(
    resources.flatMap((resource) => (resource.handler === null ? [] : [[`Anon${resource.handler}`, resource]])),
  );
  const listed = resources.flatMap((resource): Listed[] => {
    if (resource.handler === null) return [];
    if (Object.values(resource.operations).every(({ access }) => access === "none"))
      return [{ name: resource.handler, anon: handlerOf(resource, resource.handler, base, () => true), auth: null }];
    const auth = handlerOf(resource, resource.handler, base, ({ strangersOnly }) => strangersOnly !== true);
    // Several resources may answer strangers under one name, that of the resource it is called after.
    const stranger = resource.anonymous === undefined ? undefined : (anonymous.get(resource.anonymous) ?? resource);
    const anon = stranger
      ? handlerOf(stranger, resource.anonymous ?? "", base, ({ access }) => access === "none")
      : null;
    return [{ name: resource.handler, anon, auth }];
  });
  listed.sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash("sha1").update(JSON.stringify(listed)).digest("hex");
  return { hash, listed };
}

/** The document of `describe/` for clients that reach the region under an origin such as `http://region:5240`. */
export function describeDocument({ hash, listed }: Description, origin: string): unknown {
  const reached = (handler: Handler | null) => handler && { ...handler, uri: origin + handler.path };
  const resources = listed.map(({ name, anon, auth }) => ({ name, anon: reached(anon), auth: reached(auth) }));
  const handlers = [...resources.map(({ anon }) => anon), ...resources.map(({ auth }) => auth)];
  return { doc: "MAAS API", hash, resources, handlers: handlers.filter((handler) => handler !== null) };
}

function handlerOf(
  { path, doc, operations }: Resource,
  name: string,
  base: string,
  listed: (operation: Operation) => boolean,
): Handler {
  const actions = Object.entries(operations)
    .filter(([, operation]) => listed(operation))
    .map(([key, operation]): Action => {
      const [method = "", op = null] = key.split(" ");
      const title = op ?? restful[method] ?? method.toLowerCase();
      return { name: title, method, op, restful: op === null, doc: actionDoc(operation) };
    });
  actions.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, doc, params: placeholders(path), path: base + shownPath(path), actions };
}

/**
 * What an operation does and takes. The words `:param` are read by programs: without one after the first empty line a
 * command line refuses to send parameters.
 */
export function actionDoc({ title, parameters }: Operation): string {
  const lines = Object.entries(parameters.shape).flatMap(([name, schema]) => {
    const { type, description, list } = metaOf(schema);
    const need = isRequired(schema) ? "Required" : "Optional";
    return [
      `:param ${name}: ${need}. ${description}${list ? " May be given several times." : ""}`,
      `:type ${name}: ${type}`,
    ];
  });
  if (takesMore(parameters)) lines.push(":param [key]: Optional. Further names and values.", ":type [key]: String");
  // A bare percent sign would be a placeholder to the command line.
  return [title.replaceAll(/ ?%/g, " per cent"), ...(lines.length > 0 ? ["", lines.join("\n")] : [])].join("\n");
}

/** Whether other names than those of its shape come to the operation. */
export function takesMore(parameters: Operation["parameters"]): boolean {
  const { catchall } = parameters.def;
  return catchall !== undefined && !(catchall instanceof z.ZodNever);
}

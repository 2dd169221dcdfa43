import { nearest, notFound } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "./client.ts";
import { CliError } from "./errors.ts";

/** Things that are named by their path, the field of an item that is the name, and the command that lists them. */
const collections: Readonly<Record<string, { readonly field: string; readonly list: string }>> = {
  scripts: { field: "name", list: "rackwright scripts list" },
  tags: { field: "name", list: "rackwright tags list" },
  zones: { field: "name", list: "rackwright zones list" },
  pools: { field: "name", list: "rackwright pools list" },
  images: { field: "name", list: "rackwright images list" },
  users: { field: "username", list: "rackwright users list" },
  failures: { field: "code", list: "rackwright failures" },
  groups: { field: "name", list: "rackwright groups list" },
  "ldap-servers": { field: "name", list: "rackwright ldap-servers list" },
  "oidc-providers": { field: "name", list: "rackwright oidc-providers list" },
};
const list = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

/** A client that names the nearest thing there is, and the command that lists them, where one is not found. */
export function suggesting(client: ApiClient): ApiClient {
  const helped = async <T>(path: string, ask: Promise<T>): Promise<T> => {
    try {
      return await ask;
    } catch (error) {
      throw error instanceof CliError && error.code === "not-found" ? await withAdvice(client, path, error) : error;
    }
  };
  return {
    get: (path, schema) => helped(path, client.get(path, schema)),
    read: (path) => helped(path, client.read(path)),
    send: (method, path, body, schema) => helped(path, client.send(method, path, body, schema)),
    async *all(path, schema) {
      try {
        yield* client.all(path, schema);
      } catch (error) {
        throw error instanceof CliError && error.code === "not-found" ? await withAdvice(client, path, error) : error;
      }
    },
    stream: (path, signal, lastId) => client.stream(path, signal, lastId),
  };
}

/** Names the command that lists things like the one that was not found, where the region only says that some does. */
function listedBy(path: string, error: CliError): CliError {
  const [group, owner, below] = (path.split("?")[0] ?? "").split("/").slice(3);
  if (error.next !== notFound.next || group === undefined || owner === undefined) return error;
  const command = below === "tokens" ? `${group} tokens list ${decodeURIComponent(owner)}` : `${group} list`;
  return new CliError(error.message, `See 'rackwright ${command}'.`, error.exitCode, error.code);
}

async function withAdvice(client: ApiClient, path: string, error: CliError): Promise<CliError> {
  const [, group = "", name = ""] = /^\/api\/v1\/([a-z-]+)\/([^/?]+)/.exec(path) ?? [];
  const collection = Object.hasOwn(collections, group) ? collections[group] : undefined;
  // A version, or a key of a user: it is not the name that is wrong.
  if (collection === undefined || !error.message.includes(decodeURIComponent(name))) return listedBy(path, error);
  const { items } = await client.get(`/api/v1/${group}?limit=1000`, list).catch(() => ({ items: [] }));
  const names = items.flatMap((one) =>
    typeof one[collection.field] === "string" ? String(one[collection.field]) : [],
  );
  if (names.includes(decodeURIComponent(name))) return error;
  const near = nearest(decodeURIComponent(name), names);
  const advice = `See '${collection.list}'.`;
  return new CliError(
    error.message,
    near === undefined ? advice : `Did you mean ${near}? ${advice}`,
    error.exitCode,
    error.code,
  );
}

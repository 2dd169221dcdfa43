import type { FastifyRequest } from "fastify";
import { InputError } from "../errors.ts";

/** Where in a value there is text that PostgreSQL cannot store (NUL, half a surrogate pair), or null. */
export function unstorableField(value: unknown, path = ""): string | null {
  if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? path : null;
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return null;
  for (const [name, part] of Object.entries(value)) {
    if (unstorableField(name) !== null) return path;
    const found = unstorableField(part, path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** Hook: refuses API requests with such text before any schema sees them. */
export async function refuseUnstorable(request: FastifyRequest): Promise<void> {
  if (!(request.routeOptions.url ?? request.url).startsWith("/api/")) return;
  for (const [where, value] of Object.entries({ body: request.body, query: request.query, path: request.params })) {
    const field = unstorableField(value);
    if (field !== null)
      throw InputError.field(field || where, undefined, "must not contain NUL characters or broken Unicode");
  }
}

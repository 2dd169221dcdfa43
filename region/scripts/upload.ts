import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { InputError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { boundaryOf, parseMultipart } from "../metadata/multipart.ts";

/** Bytes of a request: a text of a megabyte, every character of it escaped in JSON. */
export const bodyLimit = 8 * 1024 * 1024;
/** How a text comes in a request, for the description of the API. */
export const bodies =
  "The text is the body itself (text/plain, name and comment in the query), a file of a form (multipart/form-data), " +
  "or a field of a JSON object.";

/** UTF-8 as text. @throws InputError for anything else */
function textOf(content: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw new InputError("The script is not text: it has bytes that are no UTF-8.", {
      cause: error,
      failures: [
        { field: "text", allowed: "text in UTF-8; programs are fetched by packages.url of a script's header" },
      ],
    });
  }
}

/** Query of a request whose body is the text itself. */
export const besideText = z.object({
  name: z.string().max(200).optional().describe("of the script, where the body is its text"),
  comment: z.string().max(2000).optional().describe("why, where the body is the text"),
});

/** What stands beside the text: `name` and `comment`. */
function beside(fields: Iterable<[string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(
    [...fields].filter(([name, value]) => (name === "name" || name === "comment") && value !== ""),
  );
}

function fromText(request: FastifyRequest, body: Buffer): unknown {
  return { text: textOf(body), ...beside(Object.entries((request.query ?? {}) as Record<string, unknown>)) };
}

function fromForm(request: FastifyRequest, body: Buffer): unknown {
  const boundary = boundaryOf(request.headers["content-type"]);
  const parts = boundary === null ? null : parseMultipart(body, boundary);
  const file = parts?.find((part) => part.filename !== null || part.name === "text" || part.name === "script");
  if (!parts || file === undefined)
    throw new InputError("The form has no script.", {
      failures: [{ field: "body", allowed: "multipart/form-data with a file named script" }],
    });
  const fields = parts
    .filter((part) => part !== file)
    .map(({ name, content }): [string, string] => [name, textOf(content)]);
  return { text: textOf(file.content), ...beside(fields) };
}

/**
 * Lets routes that take a script take it as people send it, too: as the body itself, or as a file of a form. Both become
 * the JSON object that the routes know.
 */
export function acceptScriptTexts(scope: FastifyInstance, bodyLimit: number): App {
  const types = ["text/plain", "application/octet-stream", /^(text|application)\/x-(sh|shellscript|python|perl|ruby)$/];
  scope.removeContentTypeParser("text/plain");
  scope.addContentTypeParser(
    types as never,
    { parseAs: "buffer", bodyLimit },
    async (request: FastifyRequest, body: Buffer) => fromText(request, body),
  );
  scope.addContentTypeParser(
    "multipart/form-data",
    { parseAs: "buffer", bodyLimit },
    async (request: FastifyRequest, body: Buffer) => fromForm(request, body),
  );
  return scope.withTypeProvider<ZodTypeProvider>();
}

import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { InputError } from "../errors.ts";
import { boundaryOf, parseMultipart } from "../metadata/multipart.ts";
import type { Upload } from "./operation.ts";

/** Bytes a body may have, unless the operation says otherwise. */
export const defaultLimit = 1024 * 1024;
/** Parameters a request may have in all. */
export const mostParameters = 20_000;

export type Pairs = [name: string, value: string][];
export type Form = { pairs: Pairs; uploads: Upload[] };

/** The body has more bytes than the operation takes: 413. */
export class TooLarge extends InputError {
  constructor(limit: number) {
    super(`The body may have at most ${limit} bytes here.`);
  }
}

/**
 * Reads a body to its end. What says of itself that it is too large is not read at all.
 *
 * @throws TooLarge, InputError for one that is cut off
 */
export async function readBody(stream: Readable, length: string | undefined, limit: number): Promise<Buffer> {
  if (length !== undefined && Number(length) > limit) throw new TooLarge(limit);
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > limit) throw new TooLarge(limit);
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof TooLarge) throw cause;
    throw new InputError("The body was cut off.", { cause });
  }
  return Buffer.concat(pieces);
}

/**
 * What a body gives: parameters in their order, and files. Three kinds are known (urlencoded, multipart, JSON); of another
 * kind the operation reads the bytes by itself.
 *
 * @throws InputError for a body that is not what it says
 */
export function parseForm(body: Buffer, contentType: string | undefined): Form {
  const kind = contentType?.split(";")[0]?.trim().toLowerCase();
  if (body.length === 0) return { pairs: [], uploads: [] };
  if (kind === "application/x-www-form-urlencoded") return { pairs: parsePairs(body.toString("utf8")), uploads: [] };
  if (kind === "multipart/form-data") return parseParts(body, contentType);
  if (kind === "application/json") return { pairs: parseJson(body.toString("utf8")), uploads: [] };
  return { pairs: [], uploads: [] };
}

/** `a=b&c=d`, as in queries and urlencoded bodies; `+` is a blank. @throws InputError where there are too many */
export function parsePairs(text: string): Pairs {
  // Counted first: a mebibyte of ampersands is half a million parameters.
  let count = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1)) count += 1;
  if (count > mostParameters) throw tooMany();
  return [...new URLSearchParams(text)];
}

const tooMany = () => new InputError(`A request may have at most ${mostParameters} parameters.`);

/**
 * What the files of a form say of its parameters: the command line of MAAS sends `name@=file` as a file, whatever the
 * parameter. Files under other names than it takes, and what is no text, are left to the operation.
 */
export function textsOfFiles({ pairs, uploads }: Form, takes: (name: string) => boolean): Pairs {
  const named = new Set(pairs.map(([name]) => name));
  return uploads.flatMap(({ field, data }): Pairs =>
    takes(field) && !named.has(field) && isUtf8(data) ? [[field, data.toString("utf8")]] : [],
  );
}

function parseParts(body: Buffer, contentType: string | undefined): Form {
  const boundary = boundaryOf(contentType);
  const parts = boundary === null ? null : parseMultipart(body, boundary, mostParameters);
  if (parts === null) throw new InputError("The body is no multipart/form-data of at most 20000 parts.");
  const form: Form = { pairs: [], uploads: [] };
  for (const { name, filename, content } of parts)
    if (filename === null) form.pairs.push([name, content.toString("utf8")]);
    else form.uploads.push({ field: name, filename, data: content });
  return form;
}

/** An object of values or lists of values. What is no text becomes the text a form would have. */
function parseJson(text: string): Pairs {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InputError("The body must be a JSON object of parameters.");
  const pairs: Pairs = [];
  for (const [name, given] of Object.entries(value))
    for (const one of Array.isArray(given) ? (given as unknown[]) : [given]) pairs.push([name, asText(one)]);
  if (pairs.length > mostParameters) throw tooMany();
  return pairs;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError("The body is not JSON.", { cause });
  }
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  try {
    return JSON.stringify(value) ?? "";
  } catch (cause) {
    throw new InputError("The body is nested too deeply.", { cause });
  }
}

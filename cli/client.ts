import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { X509Certificate } from "node:crypto";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { badInput, problem, stateConflict } from "@rackwright/contract";
import { z } from "zod";
import { CliError } from "./errors.ts";
import { spoken } from "./words.ts";

/** Where a region is, and its certificate where that alone is trusted, in PEM. */
type Remote = { readonly url: string; readonly certificate?: string };

/** How to reach a region: its admin socket on this host, or its address with an API key or a session of a browser. */
export type Target =
  | { readonly socket: string }
  | (Remote & ({ readonly key: string } | { readonly headers: Readonly<Record<string, string>> }));

export interface ApiClient {
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** A document that is no JSON, with the headers of the answer. */
  read(path: string): Promise<{ body: Buffer; headers: IncomingMessage["headers"] }>;
  send<T>(method: "POST" | "PATCH" | "PUT" | "DELETE", path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  /** Every item of a paged list, page after page. */
  all<T>(path: string, item: z.ZodType<T>): AsyncGenerator<T>;
  /** Server-sent events from `path`; ends when the connection ends or `signal` fires. */
  stream(path: string, signal: AbortSignal, lastId?: string): AsyncGenerator<{ id: string; data: string }>;
}

function describe(target: Target): string {
  return "socket" in target ? `the region's socket ${target.socket}` : target.url;
}

function open(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...credentials(target) };
    const onResponse = (response: IncomingMessage): void => resolve(response);
    const common = { method, headers: all, ...(signal ? { signal } : {}) };
    const outgoing =
      "socket" in target
        ? httpRequest({ ...common, socketPath: target.socket, path }, onResponse)
        : target.url.startsWith("https:")
          ? httpsRequest(new URL(path, target.url), { ...common, ...trust(target) }, onResponse)
          : httpRequest(new URL(path, target.url), common, onResponse);
    outgoing.on("error", (error: NodeJS.ErrnoException) => reject(unreachable(target, error)));
    outgoing.end(body);
  });
}

const credentials = (target: Target): Record<string, string> =>
  "socket" in target ? {} : "key" in target ? { authorization: `Bearer ${target.key}` } : { ...target.headers };

/** A certificate that is trusted by itself is compared as it is: what names it has does not matter then. */
function trust({ certificate }: Remote): RequestOptions {
  if (certificate === undefined) return {};
  const pinned = new X509Certificate(certificate);
  return {
    ca: certificate,
    // One that an authority signed is trusted by itself, whether that authority is known here or not.
    allowPartialTrustChain: true,
    ...(pinned.ca ? {} : { checkServerIdentity: (_host, shown) => comparison(shown.fingerprint256, pinned) }),
  };
}

function comparison(shown: string, pinned: X509Certificate): Error | undefined {
  return shown === pinned.fingerprint256 ? undefined : new Error(`its certificate is not the one that is trusted`);
}

/** Why no answer came, with what to do; an interruption stays what it is. */
function unreachable(target: Target, error: NodeJS.ErrnoException): Error {
  const late = error.cause instanceof Error && error.cause.name === "TimeoutError";
  if (error.name === "AbortError" && !late) return error;
  const nobody = `No region answers at ${describe(target)}`;
  if (late || error.code === "ETIMEDOUT")
    return new CliError(`${nobody} in time.`, "See whether it is overloaded: its log, and 'rackwright status'.", 3);
  if (error.code === "EACCES")
    return new CliError(`${nobody}: permission denied.`, "Run as root, or use --url and --api-key.", 3);
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED")
    return new CliError(`${nobody}.`, "Start one with 'rackwright up', or name another with --state or --url.", 3);
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN")
    return new CliError(`${nobody}: its name is not known.`, "Look at the name in --url, and at this host's DNS.", 3);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(error.code ?? ""))
    return new CliError(
      `${describe(target)} shows a certificate that is not trusted here: ${error.message}.`,
      "Log in with 'rackwright login' and --certificate FILE, or --fingerprint as the region prints it.",
      3,
    );
  if (error.code === "EPROTO")
    return new CliError(`${nobody} over TLS.`, "If it serves without TLS, write http:// instead of https://.", 3);
  return new CliError(`${nobody}: ${error.message}.`, "Look at --url and at the network between here and there.", 3);
}

/** The whole body. @throws CliError when it breaks off or takes too long */
async function bodyOf(target: Target, response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw error instanceof Error ? unreachable(target, error) : error;
  }
  return Buffer.concat(chunks);
}

function refusal(status: number, text: string): CliError {
  const parsed = problem.safeParse(safeJson(text));
  if (!parsed.success)
    return new CliError(`The region answered ${status}: ${text.slice(0, 300)}`, "Look at the region's log.", 4);
  const { detail, next = "", code, failures = [] } = parsed.data;
  // The sentence mostly names the fields already.
  const fields = failures.filter(({ allowed }) => !detail.includes(allowed));
  const lines = [detail, ...fields.map(({ field, allowed }) => `${field}: ${allowed}`)];
  // Fields of the API are options here.
  const usual = code === badInput.code ? badInput.next : stateConflict.next;
  const ours = code === badInput.code ? "See --help of this command." : "Try again once that has changed.";
  const advice = next === usual ? ours : spoken(next);
  return new CliError(spoken(lines.join("\n  ")), advice, status >= 500 ? 4 : 2, code);
}

/** The answer as this version knows it. @throws CliError where region and command line do not fit together */
function understood<T>(schema: z.ZodType<T>, text: string, request: string): T {
  const read = schema.safeParse(text === "" ? undefined : safeJson(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CliError(
    `The region's answer to ${request} is not understood: ${issue?.path.join(".") || "all of it"}: ${issue?.message ?? ""}.`,
    "Use the rackwright command of the region's own version, and look whether --url is a region's address.",
    4,
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A client of `/api/v1`. Refusals become a CliError with the region's own words; an answer may take so many seconds, or
 * until `interrupted` fires.
 */
export function apiClient(target: Target, timeOutSeconds = 60, interrupted?: AbortSignal): ApiClient {
  const patience = (): AbortSignal => {
    const timeOut = AbortSignal.timeout(timeOutSeconds * 1000);
    return interrupted === undefined ? timeOut : AbortSignal.any([timeOut, interrupted]);
  };
  const exchange = async <T>(method: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> => {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await open(
      target,
      method,
      path,
      headers,
      body === undefined ? undefined : JSON.stringify(body),
      patience(),
    );
    const text = (await bodyOf(target, response)).toString("utf8");
    const status = response.statusCode ?? 0;
    if (status >= 400) throw refusal(status, text);
    return understood(schema, text, `${method} ${path}`);
  };
  const client: ApiClient = {
    get: (path, schema) => exchange("GET", path, undefined, schema),
    async read(path) {
      const response = await open(target, "GET", path, {}, undefined, patience());
      const body = await bodyOf(target, response);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw refusal(status, body.toString("utf8"));
      return { body, headers: response.headers };
    },
    send: (method, path, body, schema) => exchange(method, path, body, schema),
    async *all(path, item) {
      const page = z.object({ items: z.array(item), next: z.string().nullable().default(null) });
      let cursor: string | null = "";
      while (cursor !== null) {
        const separator = path.includes("?") ? "&" : "?";
        const query: string = cursor === "" ? "" : `${separator}cursor=${encodeURIComponent(cursor)}`;
        const answer: z.infer<typeof page> = await exchange("GET", path + query, undefined, page);
        yield* answer.items;
        cursor = answer.next;
      }
    },
    async *stream(path, signal, lastId) {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId !== undefined) headers["last-event-id"] = lastId;
      const response = await open(target, "GET", path, headers, undefined, signal);
      if ((response.statusCode ?? 0) >= 400)
        throw refusal(response.statusCode ?? 0, (await bodyOf(target, response)).toString("utf8"));
      yield* serverSentEvents(response.setEncoding("utf8") as AsyncIterable<string>);
    },
  };
  return client;
}

/** Splits a `text/event-stream` body (WHATWG HTML 9.2) into its events. */
export async function* serverSentEvents(body: AsyncIterable<string>): AsyncGenerator<{ id: string; data: string }> {
  let rest = "";
  let id = "";
  let data: string[] = [];
  for await (const chunk of body) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.replace(/\r$/, "");
      if (line === "") {
        if (data.length > 0) yield { id, data: data.join("\n") };
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      else if (line.startsWith("id:")) id = line.slice(3).trim();
    }
  }
}

const sessionMade = z.looseObject({ csrf_token: z.string() });
const tokenMade = z.looseObject({ key: z.string() });

/**
 * Makes an API key with a user's name and password: opens a session, asks for a key, ends the session.
 *
 * @throws CliError with the region's own words
 */
export async function logIn(
  region: Remote,
  { username, password, name }: { username: string; password: string; name: string },
): Promise<string> {
  const target: Target = { ...region, headers: { "content-type": "application/json" } };
  const body = JSON.stringify({ username, password });
  const response = await open(target, "POST", "/api/v1/sessions", {}, body, AbortSignal.timeout(60_000));
  const text = (await bodyOf(target, response)).toString("utf8");
  const status = response.statusCode ?? 0;
  if (status >= 400) throw refusal(status, text);
  const { csrf_token } = understood(sessionMade, text, "POST /api/v1/sessions");
  const cookie = (response.headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ");
  const client = apiClient({ ...region, headers: { cookie, "x-csrf-token": csrf_token } });
  const { key } = await client.send("POST", "/api/v1/tokens", { name }, tokenMade);
  await client.send("DELETE", "/api/v1/sessions/current", undefined, z.unknown());
  return key;
}

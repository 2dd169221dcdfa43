import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { problem } from "@rackwright/contract";
import { z } from "zod";
import { CliError } from "./errors.ts";

/** How to reach a region: its admin socket on this host, or its address with an API key. */
export type Target = { readonly socket: string } | { readonly url: string; readonly key: string };

export interface ApiClient {
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  send<T>(method: "POST" | "PATCH" | "PUT" | "DELETE", path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  /** Every item of a paged list, page after page. */
  all<T>(path: string, item: z.ZodType<T>): AsyncGenerator<T>;
  /** Server-sent events from `path`; ends when the connection ends or `signal` fires. */
  stream(path: string, signal: AbortSignal, lastId?: string): AsyncGenerator<{ id: string; data: string }>;
}

const timeOutSeconds = 60;

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
    const all = { ...headers, ...("socket" in target ? {} : { authorization: `Bearer ${target.key}` }) };
    const onResponse = (response: IncomingMessage): void => resolve(response);
    const common = { method, headers: all, ...(signal ? { signal } : {}) };
    const outgoing =
      "socket" in target
        ? httpRequest({ ...common, socketPath: target.socket, path }, onResponse)
        : (target.url.startsWith("https:") ? httpsRequest : httpRequest)(new URL(path, target.url), common, onResponse);
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      const absent = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      const denied = error.code === "EACCES";
      if (absent || denied) {
        reject(
          new CliError(
            `No region answers at ${describe(target)}${denied ? ": permission denied" : ""}.`,
            denied
              ? "Run as root, or use --url and --api-key."
              : "Start one with 'rackwright up', or name another with --state or --url.",
            3,
          ),
        );
      } else reject(error);
    });
    outgoing.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}

function refusal(status: number, text: string): CliError {
  const parsed = problem.safeParse(safeJson(text));
  if (!parsed.success)
    return new CliError(`The region answered ${status}: ${text.slice(0, 300)}`, "Look at the region's log.", 4);
  const fields = (parsed.data.failures ?? []).map((entry) => `${entry.field}: ${entry.allowed}`);
  return new CliError([parsed.data.detail, ...fields].join("\n  "), parsed.data.next ?? "", status >= 500 ? 4 : 2);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A client of `/api/v1`. Refusals become a CliError with the region's own words. */
export function apiClient(target: Target): ApiClient {
  const exchange = async <T>(method: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> => {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await open(
      target,
      method,
      path,
      headers,
      body === undefined ? undefined : JSON.stringify(body),
      AbortSignal.timeout(timeOutSeconds * 1000),
    );
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw refusal(status, text);
    return schema.parse(text === "" ? undefined : safeJson(text));
  };
  const client: ApiClient = {
    get: (path, schema) => exchange("GET", path, undefined, schema),
    send: (method, path, body, schema) => exchange(method, path, body, schema),
    async *all(path, item) {
      const page = z.object({ items: z.array(item), next: z.string().nullable() });
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
      if ((response.statusCode ?? 0) >= 400) throw refusal(response.statusCode ?? 0, await textOf(response));
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

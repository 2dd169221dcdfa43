import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { type Reach, addressRefusal } from "./addresses.ts";

/** What came of a request: an answer, or why there was none. */
export type Sent = { status: number | null; answer: string | null; error: string | null };

/** The addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

export type Sending = {
  url: string;
  body: string;
  headers: Record<string, string>;
  reach: Reach;
  /** Milliseconds for all of it: name, connection, answer. */
  timeout?: number;
  resolve?: Resolve;
};

/** Characters of an answer that are kept, and bytes after which no more is read. */
const kept = 1000;
const most = 64 * 1024;

const resolveBySystem: Resolve = (name) =>
  new Promise((resolve, reject) =>
    systemLookup(name, { all: true }, (error, found) => (error ? reject(error) : resolve(found))),
  );

/**
 * Posts a body. Never throws: what went wrong is told in words. Redirects are not followed, and where it connects to is an
 * address that was looked at, whatever the name means a moment later.
 */
export async function send({
  url,
  body,
  headers,
  reach,
  timeout = 10_000,
  resolve = resolveBySystem,
}: Sending): Promise<Sent> {
  const { protocol, hostname } = new URL(url);
  const literal = hostname.replaceAll(/^\[|\]$/g, "");
  const refusal = isIP(literal) === 0 ? null : addressRefusal(literal, reach);
  if (refusal !== null) return failed(refusal);
  const started = protocol === "https:" ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(timeout);
  try {
    const response = await new Promise<IncomingMessage>((resolved, reject) => {
      const asked = started(
        url,
        {
          method: "POST",
          headers: { ...headers, "content-length": Buffer.byteLength(body) },
          // A connection of its own, which nobody finds open who should not reach it.
          agent: false,
          lookup: lookupWithin(reach, resolve),
          signal,
        },
        resolved,
      );
      asked.on("error", reject);
      asked.end(body);
    });
    const answer = await beginning(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return { status, answer, error: null };
    const to = status >= 300 && status < 400 ? ", a redirect, which is not followed" : "";
    return { status, answer, error: `it answered ${status}${to}` };
  } catch (error) {
    if (signal.aborted) return failed(`there was no whole answer within ${timeout / 1000} seconds`);
    return failed(error instanceof Error ? error.message || error.name : String(error));
  }
}

const failed = (error: string): Sent => ({ status: null, answer: null, error: error.slice(0, 500) });

/** A lookup that gives only addresses that may be delivered to. */
function lookupWithin(reach: Reach, resolve: Resolve): LookupFunction {
  const allowedOf = async (name: string): Promise<[LookupAddress, ...LookupAddress[]]> => {
    const found = await resolve(name);
    const [first, ...others] = found.filter(({ address }) => addressRefusal(address, reach) === null);
    if (first !== undefined) return [first, ...others];
    const why = found.map(({ address }) => addressRefusal(address, reach)).join("; ");
    throw new Error(`${name} has no address to deliver to${why === "" ? "" : `: ${why}`}`);
  };
  const answer = async (name: string, all: boolean, done: Parameters<LookupFunction>[2]): Promise<void> => {
    let allowed: Awaited<ReturnType<typeof allowedOf>>;
    try {
      allowed = await allowedOf(name);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), "", 0);
      return;
    }
    if (all) done(null, allowed);
    else done(null, allowed[0].address, allowed[0].family);
  };
  return (name, options, done) => void answer(name, options.all === true, done);
}

/** The beginning of an answer as text; a longer one is not read to its end. */
async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(chunks).toString("utf8").replaceAll("\0", "\uFFFD").slice(0, kept).toWellFormed();
}

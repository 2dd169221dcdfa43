import type { IncomingMessage, ServerResponse } from "node:http";
import type { FileSource } from "../images/file-source.ts";
import { listsTag, parseRange } from "./range.ts";

const CHUNK_BYTES = 256 * 1024;

export interface Sent {
  readonly status: number;
  /** Body bytes handed to the operating system. */
  readonly bytes: number;
  /** False when the client went away or the file could not be read to its end. */
  readonly complete: boolean;
}

/**
 * Answer GET or HEAD with a file: conditional requests and single ranges (RFC 9110 §13, §14), one read
 * ahead of the socket. Never throws for a client that goes away. The source stays open.
 * @param tag strong entity tag with its quotes; without one there are no ranges and nothing may be cached
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  source: FileSource,
  type: string,
  tag: string | undefined,
): Promise<Sent> {
  const { headers } = request;
  response.setHeader("content-type", type);
  response.setHeader("x-content-type-options", "nosniff");
  let start = 0;
  let end = source.size;
  let status = 200;
  if (tag === undefined) response.setHeader("cache-control", "no-store");
  else {
    response.setHeader("etag", tag);
    response.setHeader("accept-ranges", "bytes");
    response.setHeader("cache-control", "public, max-age=31536000, immutable");
    if (headers["if-match"] !== undefined && !listsTag(headers["if-match"], tag)) return empty(response, 412);
    if (listsTag(headers["if-none-match"], tag)) return empty(response, 304);
    const ifRange = headers["if-range"]?.toString();
    // Range means something for GET alone (§14.2); a date in If-Range never matches, we send none.
    const wanted = request.method === "GET" && (ifRange === undefined || ifRange.trim() === tag);
    const part = parseRange(wanted ? headers.range : undefined, source.size);
    if (part.kind === "unsatisfiable") {
      response.setHeader("content-range", `bytes */${source.size}`);
      return empty(response, 416);
    }
    if (part.kind === "part") {
      ({ start, end } = part);
      status = 206;
      response.setHeader("content-range", `bytes ${start}-${end - 1}/${source.size}`);
    }
  }
  response.writeHead(status, { "content-length": end - start });
  if (request.method === "HEAD" || start === end) {
    response.end();
    return { status, bytes: 0, complete: true };
  }
  return { status, ...(await pump(response, source, start, end)) };
}

function empty(response: ServerResponse, status: number): Sent {
  if (status !== 304) response.setHeader("content-length", 0);
  response.removeHeader("content-type");
  response.writeHead(status).end();
  return { status, bytes: 0, complete: true };
}

async function pump(
  response: ServerResponse,
  source: FileSource,
  start: number,
  end: number,
): Promise<{ bytes: number; complete: boolean }> {
  let bytes = 0;
  const length = Math.min(CHUNK_BYTES, end - start);
  // By turns: one is read into while the other is on its way out.
  let [memory, other] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(start + length < end ? length : 0)];
  try {
    let ahead = source.read(start, length, memory);
    for (let offset = start; offset < end;) {
      const chunk = await ahead;
      if (chunk.length === 0) throw new Error("the file is shorter than announced");
      offset += chunk.length;
      if (offset < end) {
        [memory, other] = [other, memory];
        ahead = source.read(offset, Math.min(CHUNK_BYTES, end - offset), memory);
        // Its error is met at the next turn, or does not matter any more.
        ahead.catch(() => undefined);
      }
      if (!(await write(response, chunk))) {
        await ahead.catch(() => undefined);
        return { bytes, complete: false };
      }
      bytes += chunk.length;
    }
    response.end();
    return { bytes, complete: true };
  } catch {
    // Headers are out: only a broken connection tells the client that this is not the file.
    response.destroy();
    return { bytes, complete: false };
  }
}

/** Resolves when the bytes left our memory; false when the connection is gone. */
function write(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(false);
      return;
    }
    const gone = (): void => resolve(false);
    response.once("close", gone);
    response.write(chunk, (error) => {
      response.off("close", gone);
      resolve(error === null || error === undefined);
    });
  });
}

import type { IncomingMessage } from "node:http";
import { forwardHeader } from "@rackwright/contract/rack";
import type { Sign } from "./options.ts";

/** Headers between two neighbours only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What says who the client is comes from us alone. */
const IDENTITY = /^(x-forwarded(-.*)?|x-real-ip|forwarded|via|x-rackwright-.*)$/;

/**
 * Headers for the region: name and value by turns, repeated headers kept.
 * @param url path and query as they are sent
 * @param sign adds the rack's word for who the client is
 */
export function requestHeaders(
  request: IncomingMessage,
  client: string,
  host: string,
  url: string,
  sign: Sign | undefined,
): string[] {
  const forwardedHost = request.headers.host ?? "";
  const proof = sign?.({ method: request.method ?? "", url, forwardedFor: client, forwardedHost });
  const kept = pass(
    request,
    (name) => IDENTITY.test(name) || name === "host" || name === "expect" || name.includes("_"),
  );
  const chunked = request.headers["transfer-encoding"] !== undefined;
  return [
    "Host",
    host,
    "X-Forwarded-For",
    client,
    "X-Real-IP",
    client,
    "X-Forwarded-Proto",
    "http",
    ...(forwardedHost === "" ? [] : ["X-Forwarded-Host", forwardedHost]),
    ...(proof === undefined ? [] : [forwardHeader, proof]),
    ...kept,
    ...(chunked ? ["Transfer-Encoding", "chunked"] : []),
    "Connection",
    "close",
  ];
}

/** The region's headers for the client. */
export function responseHeaders(response: IncomingMessage): string[] {
  return pass(response, () => false);
}

function pass(message: IncomingMessage, drop: (name: string) => boolean): string[] {
  const named = new Set(
    (message.headers.connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const kept: string[] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i] ?? "";
    const lower = name.toLowerCase();
    // Content-Length frames the body: a client must not have it dropped by naming it in Connection.
    const listed = named.has(lower) && lower !== "content-length";
    if (!HOP_BY_HOP.has(lower) && !listed && !drop(lower)) kept.push(name, message.rawHeaders[i + 1] ?? "");
  }
  return kept;
}

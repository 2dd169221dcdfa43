import { makeFailure, regionUnreachable } from "@rackwright/contract/rack";
import { type ClientRequest, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { hostText, parseRegion, type RegionAddress } from "../link/address.ts";
import { peerOf } from "./address.ts";
import { answer } from "./answer.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import type { HttpLimits, HttpServerOptions, Upstream } from "./options.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const RETRY_AFTER_SECONDS = 5;
const REPEAT_EVENT_MS = 30_000;

export type Proxy = (request: IncomingMessage, response: ServerResponse, target: string) => Promise<void>;

/**
 * Reverse proxy to the first region that takes the connection; bodies stream both ways. A request goes to another
 * region only while nothing of it was sent, so that nothing is done twice.
 */
export function regionProxy(
  options: Pick<HttpServerOptions, "upstreams" | "sign" | "emit">,
  limits: HttpLimits,
): Proxy {
  const { upstreams, sign, emit } = options;
  let preferred: Upstream | undefined;
  let downSince: number | undefined;
  let lastEvent = Number.NEGATIVE_INFINITY;

  const lost = (reasons: readonly string[]): void => {
    const now = performance.now();
    downSince ??= now;
    if (now - lastEvent < REPEAT_EVENT_MS) return;
    lastEvent = now;
    const message = "no region answers";
    const failure = makeFailure(regionUnreachable, message, reasons);
    emit({ type: "rack.problem", level: "error", message, data: {}, failure });
  };
  const found = (upstream: Upstream): void => {
    preferred = upstream;
    if (downSince === undefined) return;
    const seconds = Math.round(performance.now() - downSince) / 1000;
    downSince = undefined;
    lastEvent = Number.NEGATIVE_INFINITY;
    emit({ type: "rack.problem", level: "info", message: "a region answers again", data: { seconds, resolved: true } });
  };

  return async (request, response, target) => {
    if (!METHODS.has(request.method ?? "")) {
      answer(response, 405, "this method is not allowed here", { allow: [...METHODS].join(", ") });
      return;
    }
    if (Number(request.headers["content-length"] ?? 0) > limits.bodyBytes) {
      answer(response, 413, `the body is larger than ${limits.bodyBytes} bytes`, { connection: "close" });
      return;
    }
    const all = upstreams();
    const order =
      preferred !== undefined && all.includes(preferred) ? [preferred, ...all.filter((u) => u !== preferred)] : all;
    const reasons: string[] = [];
    for (const upstream of order) {
      const tried = await attempt(upstream, request, target, limits, sign);
      if ("socketless" in tried) {
        reasons.push(`${upstream}: ${tried.socketless}`);
        continue;
      }
      found(upstream);
      await relay(request, response, tried.outgoing, limits);
      return;
    }
    lost(reasons);
    if (response.destroyed) return;
    answer(response, 503, `the rack cannot reach a region now: ${reasons.join("; ") || "none is configured"}`, {
      "retry-after": String(RETRY_AFTER_SECONDS),
    });
  };
}

/** Connect to one region; nothing is sent before the connection stands. */
function attempt(
  upstream: Upstream,
  request: IncomingMessage,
  target: string,
  limits: HttpLimits,
  sign: HttpServerOptions["sign"],
): Promise<{ outgoing: ClientRequest } | { socketless: string }> {
  return new Promise((resolve) => {
    let where: RegionAddress;
    try {
      where = parseRegion(upstream);
    } catch (error) {
      resolve({ socketless: error instanceof Error ? error.message : "bad address" });
      return;
    }
    const client = peerOf(request.socket).address;
    const headers =
      "socketPath" in where
        ? requestHeaders(request, client, "region", target, undefined)
        : requestHeaders(request, client, hostText(where), target, sign);
    const outgoing = httpRequest({
      ...where,
      method: request.method,
      path: target,
      headers,
      agent: false,
      maxHeaderSize: 64 * 1024,
    });
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no connection within ${limits.connectMs / 1000} s`)),
      limits.connectMs,
    );
    const failed = (error: Error): void => {
      clearTimeout(timer);
      resolve({ socketless: error.message });
    };
    outgoing.once("error", failed);
    outgoing.once("socket", (socket) => {
      socket.once("connect", () => {
        clearTimeout(timer);
        outgoing.off("error", failed);
        resolve({ outgoing });
      });
    });
  });
}

/** Stream the request out and the answer back; ends when both sides are done or one of them is gone. */
function relay(
  request: IncomingMessage,
  response: ServerResponse,
  outgoing: ClientRequest,
  limits: HttpLimits,
): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    let timer: NodeJS.Timeout | undefined;
    const patience = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => outgoing.destroy(new Error(`no answer within ${limits.regionMs / 1000} s`)),
        limits.regionMs,
      );
    };
    const gaveUp = (status: number, why: string): void => {
      if (response.headersSent) response.destroy();
      else if (!response.destroyed)
        answer(response, status, why, { "retry-after": String(RETRY_AFTER_SECONDS), connection: "close" });
      request.unpipe(outgoing);
      request.resume();
    };
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      gaveUp(503, `the region broke off: ${error.message}`);
      resolve();
    });
    outgoing.on("response", (incoming) => {
      clearTimeout(timer);
      response.writeHead(incoming.statusCode ?? 502, responseHeaders(incoming));
      incoming.setTimeout(limits.idleMs, () => outgoing.destroy(new Error("the region fell silent")));
      incoming.on("error", () => response.destroy());
      incoming.on("close", () => {
        if (!incoming.complete) response.destroy();
      });
      incoming.pipe(response);
    });
    response.on("close", () => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve();
    });
    request.on("data", (chunk: Uint8Array) => {
      received += chunk.length;
      patience();
      if (received <= limits.bodyBytes) return;
      gaveUp(413, `the body is larger than ${limits.bodyBytes} bytes`);
      outgoing.destroy();
    });
    patience();
    request.pipe(outgoing);
    if (response.destroyed) outgoing.destroy();
  });
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { RackEventInput } from "@rackwright/contract/rack";
import type { FileSource } from "../images/file-source.ts";
import { printable } from "../tftp/path.ts";
import { peerOf } from "./address.ts";
import { answer } from "./answer.ts";
import type { HttpServerOptions } from "./options.ts";
import { sendFile } from "./send-file.ts";

type Wanted = Pick<HttpServerOptions, "store" | "ensure" | "open" | "emit">;

/** `/images/<sha256>/<any name>` from the content store, which is filled from the region on demand. */
export async function serveImage(
  options: Wanted,
  request: IncomingMessage,
  response: ServerResponse,
  image: { readonly hash: string; readonly name: string },
): Promise<void> {
  if (!readable(request, response)) return;
  const { hash } = image;
  const name = printable(image.name);
  const { address } = peerOf(request.socket);
  const began = performance.now();
  let source: FileSource | undefined;
  try {
    source = await options.store.open(hash);
    if (source === undefined && (await options.ensure(hash, name))) source = await options.store.open(hash);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown error";
    options.emit(failed(address, name, `cannot be had now: ${why}`, { hash, status: 503 }));
    answer(response, 503, "the rack cannot fetch this image now", { "retry-after": "10" });
    return;
  }
  if (source === undefined) {
    options.emit(failed(address, name, "no such image", { hash, status: 404 }));
    answer(response, 404, "no such image");
    return;
  }
  try {
    const method = request.method ?? "";
    const message = `HTTP ${method} of ${name} from ${address}`;
    options.emit({
      type: "http.request",
      address,
      message,
      data: { hash, name, method, range: request.headers.range ?? null },
    });
    const sent = await sendFile(request, response, source, "application/octet-stream", `"${hash}"`);
    const seconds = Math.round(performance.now() - began) / 1000;
    const data = { hash, name, method, bytes: sent.bytes, seconds, status: sent.status };
    if (sent.complete) {
      const done = `HTTP sent ${name} to ${address}: ${sent.bytes} bytes in ${seconds.toFixed(1)} s`;
      options.emit({ type: "http.done", address, message: done, data });
    } else options.emit(failed(address, name, `broke off after ${sent.bytes} of ${source.size} bytes`, data));
  } finally {
    await source.close();
  }
}

/** Boot scripts and loaders. */
export async function serveBoot(
  options: Wanted,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (!readable(request, response)) return;
  const peer = peerOf(request.socket);
  const name = printable(path);
  let source: FileSource | undefined;
  try {
    source = await options.open(path, { ...peer, protocol: "http" });
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown error";
    options.emit(failed(peer.address, name, `cannot be answered now: ${why}`, { status: 503 }));
    answer(response, 503, "the rack cannot answer this now", { "retry-after": "5" });
    return;
  }
  if (source === undefined) {
    options.emit({ ...failed(peer.address, name, "no such file", { status: 404 }), level: "info" });
    answer(response, 404, "no such file");
    return;
  }
  try {
    const text = /(^|\/)(grub\.cfg|ipxe\.cfg|pxelinux\.cfg)|\.(cfg|lst|ipxe)$/.test(path);
    const sent = await sendFile(
      request,
      response,
      source,
      text ? "text/plain; charset=utf-8" : "application/octet-stream",
      undefined,
    );
    const message = `HTTP ${request.method} of ${name} from ${peer.address}`;
    const data = { path: name, status: sent.status, bytes: sent.bytes };
    if (sent.complete) options.emit({ type: "http.request", address: peer.address, message, data });
    else options.emit(failed(peer.address, name, `broke off after ${sent.bytes} bytes`, data));
  } finally {
    await source.close();
  }
}

function readable(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  answer(response, 405, "only GET and HEAD are allowed here", { allow: "GET, HEAD" });
  return false;
}

function failed(address: string, name: string, why: string, data: Record<string, unknown>): RackEventInput {
  const message = `HTTP to ${address}: ${name}: ${why}`.slice(0, 2000);
  return { type: "http.failed", level: "warning", address, message, data: { name, ...data } };
}

import { type FileHandle, open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { fetchDigest, fetchSkewSeconds, sameDigest } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { Denied, NotFound } from "../errors.ts";
import { blobPath } from "../images/store.ts";
import { rackSecret } from "./rows.ts";

export type FetchDeps = { db: Database; clock: Clock; imageStore: string };

/** `GET /rack/v1/images/<sha256>`: racks fetch files of images from the region's store. */
export function registerRackFetch(app: App, { db, clock, imageStore }: FetchDeps): void {
  app.get<{ Params: { sha256: string } }>(
    "/rack/v1/images/:sha256",
    { schema: { hide: true } },
    async (request, reply) => {
      await checkRack(db, request.headers.authorization, request.url, clock.now());
      const hash = request.params.sha256;
      const path = /^[0-9a-f]{64}$/.test(hash) ? blobPath(imageStore, hash) : undefined;
      const file = path === undefined ? undefined : await open(path).catch(() => undefined);
      if (file === undefined)
        throw new NotFound(`The image store has no file ${hash.slice(0, 64)}.`, {
          next: "Import the image again (POST /api/v1/images/sync tells what is missing).",
        });
      reply.hijack();
      await sendFile(reply.raw, file);
    },
  );
}

/** Milliseconds a rack may take nothing of a file. */
const stall = 60_000;

/**
 * Answers with a file and closes it. One piece of memory for the whole of it: a stream makes new memory for every piece,
 * and that of a large file is garbage faster than it is collected.
 */
async function sendFile(response: ServerResponse, file: FileHandle): Promise<void> {
  const memory = Buffer.allocUnsafeSlow(256 * 1024);
  response.setTimeout(stall, () => response.destroy());
  response.on("error", () => undefined);
  try {
    const { size } = await file.stat();
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
    for (let sent = 0; sent < size;) {
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, size - sent), sent);
      if (bytesRead === 0) throw new Error("the file is shorter than announced");
      if (!(await written(response, memory.subarray(0, bytesRead)))) return;
      sent += bytesRead;
    }
    response.end();
  } catch {
    // Headers are out: only a broken connection tells the rack that this is not the file.
    response.destroy();
  } finally {
    await file.close();
  }
}

/** Resolves when the bytes left our memory; false when the connection is gone. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(false);
      return;
    }
    const gone = (): void => resolve(false);
    response.once("close", gone);
    response.write(bytes, (error) => {
      response.off("close", gone);
      resolve(error === null || error === undefined);
    });
  });
}

const form = /^Rack ([a-z0-9-]{1,63}):(\d{1,12}):([0-9a-f]{64})$/;

/**
 * Checks `Authorization: Rack <name>:<unix seconds>:<hex HMAC-SHA256(secret, "name|seconds|path")>` and returns the
 * rack's name. A header seen on the wire opens nothing but the same file, and that for five minutes.
 * @throws Denied (401)
 */
export async function checkRack(db: Database, header: string | undefined, path: string, now: Date): Promise<string> {
  const [, name = "", timestamp = "", digest = ""] = form.exec(header ?? "") ?? [];
  const refuse = (why: string): never => {
    throw new Denied(why, 401, { next: "Compare the rack's name, its secret file and its clock with the region's." });
  };
  if (name === "") return refuse("This is for rack controllers: the Authorization header of a rack is missing.");
  const skew = Math.abs(now.getTime() / 1000 - Number(timestamp));
  const secret = await rackSecret(db, name);
  if (secret === undefined || !sameDigest(fetchDigest(secret, name, Number(timestamp), path), digest))
    return refuse(`The proof of rack ${name} is wrong.`);
  if (skew > fetchSkewSeconds) return refuse(`The clock of rack ${name} is ${Math.round(skew)} s off the region's.`);
  return name;
}

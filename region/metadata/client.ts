import type { Server } from "node:net";
import { isIP } from "node:net";
import { forwardDigest, forwardHeader, forwardSkewSeconds, hostMissing, sameDigest } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { InputError } from "../errors.ts";

/** Who asks: the machine's own address, and the host (with port) by which it reached us, usually its rack. */
export type Client = { address: string | null; host: string | null };

/** Requests over a Unix socket come from a rack on this host: only root can open the region's. */
function overUnixSocket(request: FastifyRequest): boolean {
  const server = (request.raw.socket as { server?: Server }).server;
  return typeof server?.address() === "string";
}

async function provenByRack(db: Database, request: FastifyRequest, clock: Clock): Promise<boolean> {
  const header = single(request.headers[forwardHeader]) ?? "";
  const match = /^([a-z0-9-]{1,63}):([0-9]{1,12}):([0-9a-f]{64})$/.exec(header);
  const [, rack, seconds, proof] = match ?? [];
  if (rack === undefined || seconds === undefined || proof === undefined) return false;
  const timestamp = Number(seconds);
  if (Math.abs(clock.now().getTime() - timestamp * 1000) > forwardSkewSeconds * 1000) return false;
  const row = await db.selectFrom("racks").select("secret").where("name", "=", rack).executeTakeFirst();
  if (row === undefined) return false;
  const forwardedFor = single(request.headers["x-forwarded-for"]) ?? "";
  const forwardedHost = single(request.headers["x-forwarded-host"]) ?? "";
  const { method, url } = { method: request.method, url: request.raw.url ?? "" };
  return sameDigest(proof, forwardDigest(row.secret, rack, timestamp, { method, url, forwardedFor, forwardedHost }));
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function plainAddress(text: string | undefined): string | null {
  const address = text?.trim().replace(/^::ffff:/i, "") ?? "";
  return isIP(address) === 0 ? null : address;
}

function plainHost(text: string | undefined): string | null {
  const host = text?.trim() ?? "";
  return /^([0-9A-Za-z.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$/.test(host) ? host : null;
}

/**
 * Tells who sent a request. What a forwarding rack says counts only when the rack is trusted: on the region's Unix
 * socket, or with a proof that it knows its secret. Otherwise the peer of the connection is the client, and a machine
 * that forges the header gains nothing. Of several addresses the last one is the one the rack itself saw.
 */
export async function clientOf(db: Database, request: FastifyRequest, clock: Clock): Promise<Client> {
  const trusted = overUnixSocket(request) || (await provenByRack(db, request, clock));
  if (!trusted) {
    return { address: plainAddress(request.raw.socket.remoteAddress), host: plainHost(request.headers.host) };
  }
  const forwarded = single(request.headers["x-forwarded-for"])?.split(",").at(-1);
  const host = single(request.headers["x-forwarded-host"])?.split(",").at(-1);
  return { address: plainAddress(forwarded), host: plainHost(host) };
}

/** The URL base by which the client reaches its rack, such as `http://10.0.0.1:5248`. */
export function rackUrl(client: Client): string {
  if (client.host === null) {
    throw new InputError("The request does not say by which host name or address it was made.", hostMissing);
  }
  return `http://${client.host}`;
}

/**
 * A rack confirms a lease it knows from its memory and tells us afterwards; where one of us dies in between, the lease
 * outlives what is recorded of it by its length at most.
 */
const untoldMilliseconds = 10 * 60_000;

/**
 * The network card that holds this address by a lease at this moment. The address of a known machine is given to nobody
 * else, so it stays the machine's when its lease ended while it was off.
 */
export async function leasedMac(db: Database, address: string | null, now: Date): Promise<string | null> {
  if (address === null) return null;
  const lease = await db
    .selectFrom("leases")
    .select("mac")
    .where("address", "=", address)
    .where("state", "=", "leased")
    .where((where) =>
      where.or([
        where("expires_at", ">", new Date(now.getTime() - untoldMilliseconds)),
        where.exists(where.selectFrom("interfaces").select("id").whereRef("interfaces.mac", "=", "leases.mac")),
      ]),
    )
    .orderBy("updated_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return lease?.mac ?? null;
}

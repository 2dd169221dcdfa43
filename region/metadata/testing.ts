import { type IncomingHttpHeaders, request } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credentials, MachineStatus } from "@rackwright/contract";
import { registerAgentRoutes } from "../agent/routes.ts";
import type { Clock } from "../clock.ts";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { buildApp } from "../http/app.ts";
import { noLog } from "../log.ts";
import { renewCredentials } from "../machines/credentials.ts";
import { registerMetadataRoutes } from "./routes.ts";

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string };
export type Asked = {
  method?: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
  /** The machine's address as the rack forwards it. */
  from?: string;
};

/** The text agents are served in tests. */
export const testBundle = "console.log('agent');\n";

/** A header as the agent and cloud-init send it. */
export function signed(credentials: Credentials): Record<string, string> {
  return {
    authorization:
      `OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_nonce="1", oauth_timestamp="2", ` +
      `oauth_consumer_key="${credentials.consumer_key}", oauth_token="${credentials.token_key}", ` +
      `oauth_signature="%26${credentials.token_secret}"`,
  };
}

/** The machine-facing routes on a real database, asked over a Unix socket as a rack does. */
export async function machineFace(clock: Clock) {
  const database = await testDatabase();
  const { db } = database;
  const folder = await mkdtemp(join(tmpdir(), "rackwright-metadata-"));
  const bundle = join(folder, "agent.mjs");
  await writeFile(bundle, testBundle);
  const app = buildApp({ log: noLog });
  registerMetadataRoutes(app, { db, clock, bundle });
  registerAgentRoutes(app, { db, clock, bundle });
  const socketPath = join(folder, "region.sock");
  await app.listen({ path: socketPath });
  const ask = (path: string, { method = "GET", body, headers = {}, from }: Asked = {}): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const forwarded = {
        host: "region",
        "x-forwarded-host": "10.0.0.1:5248",
        ...(from && { "x-forwarded-for": from }),
      };
      const outgoing = request({ socketPath, path, method, headers: { ...forwarded, ...headers } }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  return {
    db,
    url: database.url,
    app,
    ask,
    close: async () => {
      await app.close();
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Puts a machine with one network card and a lease in the database, with credentials. */
export async function addMachine(
  db: Database,
  id: string,
  status: MachineStatus,
  more: { netboot?: boolean; ownerId?: number | null; image?: string; userData?: string | null; now: Date },
): Promise<{ id: string; mac: string; address: string; credentials: Credentials }> {
  const digest = Buffer.from(id).reduce((sum, byte) => (sum * 31 + byte) % 16_000, 7);
  const mac = `52:54:00:00:${(digest >> 8).toString(16).padStart(2, "0")}:${(digest & 255).toString(16).padStart(2, "0")}`;
  const address = `10.0.${digest >> 8}.${digest & 255}`;
  await db
    .insertInto("machines")
    .values({
      id,
      hostname: `host-${id}`,
      status,
      status_since: more.now,
      architecture: "amd64",
      netboot: more.netboot ?? true,
      owner_id: more.ownerId ?? null,
      image: more.image ?? null,
      user_data: more.userData ?? null,
      boot_mac: mac,
      power_driver: "manual",
    })
    .execute();
  await db
    .insertInto("interfaces")
    .values({ machine_id: id, name: "eth0", mac, details: json({}) })
    .execute();
  await addLease(db, mac, address, new Date(more.now.getTime() + 600_000));
  return { id, mac, address, credentials: await renewCredentials(db, id, more.now) };
}

/** Gives a network card an address until then. */
export async function addLease(db: Database, mac: string, address: string, expires: Date): Promise<void> {
  await db
    .insertInto("subnets")
    .values({ cidr: "10.0.0.0/8" })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const subnet = await db.selectFrom("subnets").select("id").where("cidr", "=", "10.0.0.0/8").executeTakeFirstOrThrow();
  await db
    .insertInto("leases")
    .values({ subnet_id: subnet.id, address, mac, state: "leased", hostname: null, expires_at: expires })
    .execute();
}

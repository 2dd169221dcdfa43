import { hostname as ownName, networkInterfaces } from "node:os";
import type { Architecture } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";

/** What a region says of itself. */
export type RegionSelf = { hostname: string; version: string; architecture: Architecture | null; addresses: string[] };

/** Seconds between two signs of life of a region. */
export const regionHeartbeat = 30;
/** A region that gave no sign of life for so many seconds counts as gone. */
export const regionSilence = 90;

/** This host, as far as a region tells of it. */
export function describeHost(version: string): RegionSelf {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .map(({ address }) => address);
  const architectures: Partial<Record<string, Architecture>> = { x64: "amd64", arm64: "arm64" };
  return {
    hostname: ownName().toLowerCase().split(".")[0] ?? "region",
    version,
    architecture: architectures[process.arch] ?? null,
    addresses: [...new Set(addresses)],
  };
}

/** Notes that this region begins to serve; the one row of its host is brought up to date. */
export async function registerRegion(db: Database, self: RegionSelf, now: Date): Promise<void> {
  const { hostname, ...values } = self;
  const seen = { ...values, started_at: now, seen_at: now };
  await db
    .insertInto("regions")
    .values({ hostname, ...seen })
    .onConflict((conflict) => conflict.column("hostname").doUpdateSet(seen))
    .execute();
}

/** A sign of life. A region whose row was deleted meanwhile has one again. */
export async function regionSeen(db: Database, self: RegionSelf, now: Date): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("regions")
    .set({ seen_at: now })
    .where("hostname", "=", self.hostname)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) await registerRegion(db, self, now);
}

import { type LicenseKey, type LicenseKeyCreate, licenseKey } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { declareList } from "../filter/list.ts";
import { type Asked, listPage } from "../filter/page.ts";
import type { Page } from "../page.ts";

export type By = { actor: string; now: Date };
/** What a license key is for: there is one for each. */
export type Release = { osystem: string; distro_series: string };

const columns = ["osystem", "distro_series", "license_key"] as const;
const nameOf = ({ osystem, distro_series }: Release): string => `${osystem}/${distro_series}`;
const missing = (release: Release): NotFound =>
  new NotFound(`There is no license key for ${nameOf(release).slice(0, 200)}.`, {
    next: "GET /api/v1/license-keys lists them.",
  });
const rowOf = (release: Release) =>
  sql<boolean>`osystem = ${release.osystem} and distro_series = ${release.distro_series}`;

export const licenseKeyList = declareList("license-keys", licenseKey, {
  order: ["osystem", "distro_series"],
  separator: "/",
  // Sealed in the database.
  fields: { license_key: null },
});

/** One page, filtered and sorted as asked for; else in the order of what they are for. @throws InputError */
export const listLicenseKeys = (db: Kysely<Tables>, asked: Asked): Promise<Page<LicenseKey>> =>
  listPage(db, licenseKeyList, db.selectFrom("license_keys").select(columns), asked);

/** One license key. @throws NotFound */
export async function readLicenseKey(db: Kysely<Tables>, release: Release): Promise<LicenseKey> {
  const row = await db.selectFrom("license_keys").select(columns).where(rowOf(release)).executeTakeFirst();
  if (row === undefined) throw missing(release);
  return row;
}

/** @throws StateConflict when there is a key for the release already */
export async function createLicenseKey(
  db: Database,
  fields: LicenseKeyCreate,
  { actor, now }: By,
): Promise<LicenseKey> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto("license_keys")
      .values(fields)
      .onConflict((conflict) => conflict.doNothing())
      .returning(columns)
      .executeTakeFirst();
    if (row === undefined)
      throw new StateConflict(`There is a license key for ${nameOf(fields)} already.`, { next: "Change that one." });
    await appendAudit(tx, {
      type: "license-key.changed",
      actor,
      at: now,
      message: `${actor} added the license key for ${nameOf(fields)}`,
      after: fields,
      data: { action: "create" },
    });
    return row;
  });
}

/** Replaces the key where one is given. @throws NotFound */
export async function updateLicenseKey(
  db: Database,
  release: Release,
  { license_key }: { license_key?: string | undefined },
  { actor, now }: By,
): Promise<LicenseKey> {
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("license_keys")
      .select(columns)
      .where(rowOf(release))
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) throw missing(release);
    const after = { ...before, license_key: license_key ?? before.license_key };
    await tx.updateTable("license_keys").set({ license_key: after.license_key }).where(rowOf(release)).execute();
    await appendAudit(tx, {
      type: "license-key.changed",
      actor,
      at: now,
      message: `${actor} changed the license key for ${nameOf(release)}`,
      before,
      after,
      data: { action: "update", ...release },
    });
    return after;
  });
}

/** @throws NotFound */
export async function deleteLicenseKey(db: Database, release: Release, { actor, now }: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await tx.deleteFrom("license_keys").where(rowOf(release)).returning(columns).executeTakeFirst();
    if (before === undefined) throw missing(release);
    await appendAudit(tx, {
      type: "license-key.changed",
      actor,
      at: now,
      message: `${actor} deleted the license key for ${nameOf(release)}`,
      before,
      data: { action: "delete" },
    });
  });
}

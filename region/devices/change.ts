import type { deviceCreate, deviceUpdate } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import { type Database, type Transaction, json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { given } from "../networks/change.ts";
import { InputError, NotFound, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { insertInterface } from "../interfaces/change.ts";
import { clearLinks } from "../interfaces/link-rows.ts";
import { knownNames } from "../known-names.ts";
import { lockNode } from "../interfaces/node.ts";
import type { By } from "../machines/ask.ts";
import { randomSystemId } from "../machines/credentials.ts";
import { randomHostname } from "../machines/hostname.ts";
import { mayView } from "../users/access.ts";
import { type DeviceRow, readDevice } from "./read.ts";

type Place = { zone?: string | undefined; domain_id?: number | undefined; parent?: string | null | undefined };

/** The rows that a device points to. @throws InputError naming what there is none of */
async function pointers(tx: Transaction, { zone, domain_id, parent }: Place, { caller }: By) {
  const found: { zone_id?: number; domain_id?: number; parent_id?: string | null } = {};
  if (zone !== undefined) {
    const row = await tx.selectFrom("zones").select("id").where("name", "=", zone).executeTakeFirst();
    if (row === undefined) {
      const allowed = `must be the name of a zone that exists; ${await knownNames(tx, "zones", [zone])}`;
      throw InputError.field("zone", zone, allowed);
    }
    found.zone_id = row.id;
  }
  if (domain_id !== undefined) {
    const row = await tx.selectFrom("domains").select("id").where("id", "=", domain_id).executeTakeFirst();
    if (row === undefined) throw InputError.field("domain_id", domain_id, "names no domain there is");
    found.domain_id = row.id;
  }
  if (parent !== undefined) {
    const row =
      parent === null
        ? null
        : await tx
            .selectFrom("machines")
            .select(["id", "pool_id", "owner_id"])
            .where("id", "=", parent)
            .executeTakeFirst();
    if (row === undefined || (row !== null && !mayView(caller, row)))
      throw InputError.field("parent", parent, "names no machine there is");
    found.parent_id = row?.id ?? null;
  }
  return found;
}

/** Names of machines and devices are given in turn. @throws InputError where one has it */
async function requireFreeHostname(tx: Transaction, hostname: string, self?: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('names of devices', 0))`.execute(tx);
  const taken = await isTaken(tx, hostname, self);
  if (taken) throw InputError.field("hostname", hostname, "Node with this Hostname already exists.");
}

async function isTaken(tx: Kysely<Tables>, hostname: string, self?: string): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    select exists (select from machines where hostname = ${hostname})
      or exists (select from devices where hostname = ${hostname} and id is distinct from ${self ?? null}::text)
      as taken`.execute(tx);
  return rows[0]?.taken === true;
}

async function madeUpHostname(tx: Transaction): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const hostname = attempt < 5 ? randomHostname() : `${randomHostname()}-${randomSystemId()}`;
    if (!(await isTaken(tx, hostname))) return hostname;
  }
}

/**
 * Adds a device with its network cards; it is the caller's.
 *
 * @throws InputError naming what is taken or does not exist
 */
export async function createDevice(db: Database, wanted: z.output<typeof deviceCreate>, by: By): Promise<DeviceRow> {
  const { caller, now } = by;
  return db.transaction().execute(async (tx) => {
    const { hostname = await madeUpHostname(tx), description = "", macs } = wanted;
    await requireFreeHostname(tx, hostname);
    const id = randomSystemId();
    const place = await pointers(tx, wanted, by);
    await tx
      .insertInto("devices")
      .values({ id, hostname, description, ...place, owner_id: caller.id, created_at: now })
      .execute();
    const node = { kind: "device", id, hostname, owner_id: caller.id } as const;
    for (const mac of new Set(macs)) await insertInterface(tx, node, { type: "physical", mac }, now);
    const made = await readDevice(tx, id, caller, now);
    await tell(tx, by, `created device ${hostname}`, { id, after: shown(made) });
    return made;
  });
}

/** Changes the fields that are given. @throws NotFound, Denied, InputError */
export async function updateDevice(
  db: Database,
  id: string,
  change: z.output<typeof deviceUpdate>,
  by: By,
): Promise<DeviceRow> {
  return db.transaction().execute(async (tx) => {
    const before = await lockDevice(tx, id, by);
    const { hostname, description, swap_size } = change;
    if (hostname !== undefined) await requireFreeHostname(tx, hostname, id);
    const fields = { ...given({ hostname, description, swap_size }), ...(await pointers(tx, change, by)) };
    if (Object.keys(fields).length > 0) await tx.updateTable("devices").set(fields).where("id", "=", id).execute();
    const after = await readDevice(tx, id, by.caller, by.now);
    await tell(tx, by, `changed device ${before.hostname}`, { id, before: shown(before), after: shown(after) });
    return after;
  });
}

/** Deletes a device with its interfaces; their addresses are free again. @throws NotFound, Denied */
export async function deleteDevice(db: Database, id: string, by: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const before = await lockDevice(tx, id, by);
    await tx.deleteFrom("devices").where("id", "=", id).execute();
    await tell(tx, by, `deleted device ${before.hostname}`, { id, before: shown(before) });
  });
}

/**
 * Writes keys and values on a device; an empty value takes its key away.
 *
 * @throws NotFound, Denied, StateConflict for who does not own it
 */
export async function annotateDevice(
  db: Database,
  id: string,
  change: Readonly<Record<string, string>>,
  by: By,
): Promise<DeviceRow> {
  return db.transaction().execute(async (tx) => {
    const before = await lockDevice(tx, id, by);
    if (before.owner_id !== by.caller.id)
      throw new StateConflict("Cannot set workload annotations because you do not own this device.", {
        next: "Ask its owner.",
      });
    const merged = { ...before.owner_data, ...change };
    const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
    if (Object.keys(kept).length > 1000)
      throw InputError.field("annotations", Object.keys(kept).length, "must be at most 1000 keys");
    await tx
      .updateTable("devices")
      .set({ owner_data: json(kept) })
      .where("id", "=", id)
      .execute();
    const after = await readDevice(tx, id, by.caller, by.now);
    const states = { before: { annotations: before.owner_data }, after: { annotations: after.owner_data } };
    await tell(tx, by, `wrote on device ${before.hostname}`, { id, ...states });
    return after;
  });
}

/** Takes all addresses off a device's interfaces. @throws NotFound, Denied */
export async function restoreDevice(db: Database, id: string, by: By): Promise<DeviceRow> {
  return db.transaction().execute(async (tx) => {
    const before = await lockDevice(tx, id, by);
    await clearLinks(
      tx,
      before.interfaces.map((one) => one.id),
    );
    const after = await readDevice(tx, id, by.caller, by.now);
    await tell(tx, by, `restored the network of device ${before.hostname}`, {
      id,
      before: shown(before),
      after: shown(after),
    });
    return after;
  });
}

/** Moves devices to a zone, all or none. @throws InputError for a zone or device there is none of, Denied */
export async function placeDevices(db: Database, ids: readonly string[], zone: string, by: By): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const place = await pointers(tx, { zone }, by);
    // In one order everywhere, so that two who move the same ones wait for each other and not for ever.
    for (const id of [...new Set(ids)].toSorted()) {
      const before = await lockDevice(tx, id, by).catch((error: unknown) => {
        throw error instanceof NotFound ? InputError.field("nodes", id, "names no device there is") : error;
      });
      await tx.updateTable("devices").set(place).where("id", "=", id).execute();
      const states = { before: { zone: before.zone }, after: { zone } };
      await tell(tx, by, `moved device ${before.hostname} to zone ${zone}`, { id, ...states });
    }
  });
}

async function lockDevice(tx: Transaction, id: string, { caller, now }: By): Promise<DeviceRow> {
  const before = await readDevice(tx, id, caller, now);
  await lockNode(tx, id, caller, "any status");
  return before;
}

const shown = ({ hostname, description, fqdn, zone, parent_id, swap_size, interfaces }: DeviceRow) => ({
  hostname,
  description,
  fqdn,
  zone,
  parent: parent_id,
  swap_size,
  interfaces: interfaces.map(({ name, mac }) => ({ name, mac })),
});

function tell(
  tx: Transaction,
  { caller, now }: By,
  deed: string,
  { id, before = null, after = null }: { id: string; before?: object | null; after?: object | null },
): Promise<void> {
  return appendAudit(tx, {
    type: "device.changed",
    at: now,
    actor: caller.username,
    message: `${caller.username} ${deed}`,
    before: before && { ...before },
    after: after && { ...after },
    data: { device: id },
  });
}

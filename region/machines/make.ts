import { type Architecture, defaultPlace, machineLocked } from "@rackwright/contract";
import { sql } from "kysely";
import type { Database, Transaction } from "../database/pool.ts";
import { Denied, StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import { appendEvent } from "../events/append.ts";
import { prepareScripts } from "../scripts/index.ts";
import { readSettings } from "../settings/settings.ts";
import { requireOperator } from "../users/access.ts";
import { requireOperatorOf } from "../users/pool-rights.ts";
import type { By } from "./ask.ts";
import { type MachineChange, applyChange } from "./change.ts";
import { insertMachine } from "./create.ts";
import { renewCredentials } from "./credentials.ts";
import { fire, lockMachine } from "./fire.ts";

export type MachineWish = {
  architecture: Architecture;
  macs: readonly string[];
  /** Everything else that can be said of a machine. */
  change: MachineChange;
  /** It runs a system already: it is deployed from the start, and the caller's. `image` names that system. */
  deployed?: { image: string | null } | undefined;
  /** One that is known by its network cards and new is brought up to date, in place of being refused. */
  adopts?: boolean;
};

const cards = (macs: readonly string[]) => [...new Set(macs)].map((mac, index) => ({ name: `eth${index}`, mac }));

/**
 * Makes a machine known before it ever booted. Returns its id.
 *
 * @throws Denied unless the caller operates its pool, StateConflict when a MAC address or the hostname is taken, InputError for a zone, pool or domain that does not exist
 */
export async function makeMachine(db: Database, wish: MachineWish, { caller, now }: By): Promise<string> {
  const { architecture, macs, change, deployed, adopts = false } = wish;
  const { hostname, power_driver, power_parameters, ...rest } = change;
  return db.transaction().execute(async (tx) => {
    await requireOperatorOf(tx, caller, change.pool ?? defaultPlace);
    const known = adopts ? await newMachineOf(tx, macs) : undefined;
    if (known) {
      requireOperator(caller, known, "change");
      if (known.locked) throw new StateConflict(`${known.hostname} is locked.`, machineLocked);
    }
    const made =
      known ??
      (await insertMachine(tx, {
        hostname,
        architecture,
        powerDriver: power_driver ?? null,
        powerParameters: power_parameters ?? {},
        interfaces: cards(macs),
        now,
      }));
    await applyChange(tx, made.id, known ? { ...change, architecture } : rest);
    if (deployed) await settle(tx, made.id, caller.id, deployed.image, now);
    await appendAudit(tx, {
      type: "machine.action",
      at: now,
      machine_id: made.id,
      mac: macs[0] ?? null,
      actor: caller.username,
      message: `${caller.username} made ${made.hostname} known`,
      after: { ...rest, hostname: made.hostname, architecture, macs, power_driver, power_parameters },
      data: { action: "create", macs },
    });
    return made.id;
  });
}

/** A machine in status New that has one of the cards, locked. */
const newMachineOf = (tx: Transaction, macs: readonly string[]) =>
  tx
    .selectFrom("machines")
    .select(["id", "hostname", "pool_id", "owner_id", "locked"])
    .where("status", "=", "new")
    .where(sql<boolean>`id in (select machine_id from interfaces where mac = any(${[...macs]}::text[]))`)
    .orderBy("created_at")
    .limit(1)
    .forUpdate()
    .executeTakeFirst();

/** A machine that runs already: nobody boots it, and it has the credentials of an installed system. */
async function settle(tx: Transaction, id: string, ownerId: number, image: string | null, now: Date): Promise<void> {
  await tx
    .updateTable("machines")
    .set({ status: "deployed", owner_id: ownerId, installed: true, netboot: false, image })
    .where("id", "=", id)
    .execute();
  await renewCredentials(tx, id, now);
}

/** Machines that strangers told of and nobody has seen yet: with more of them, the next is refused. */
const mostUnseen = 5000;

/** Refuses strangers who tell of machines without end: none has booted, and nobody has given one a BMC. @throws Denied */
async function checkUnseen(tx: Transaction): Promise<void> {
  const { unseen } = await tx
    .selectFrom("machines")
    .select(({ fn }) => fn.countAll<number>().as("unseen"))
    .where("status", "=", "new")
    .where("power_driver", "is", null)
    .where("inventory", "is", null)
    .executeTakeFirstOrThrow();
  if (unseen >= mostUnseen)
    throw new Denied(`${unseen} machines were told of and never seen; no more are taken from strangers.`, 429, {
      next: "Ask an administrator to delete new machines that do not exist.",
    });
}

/**
 * Takes note of a machine a stranger told of, by its MAC addresses; one that is known and new, or is being
 * commissioned, is not doubled. Nothing but what it is called and made of is taken from a stranger. Returns its id.
 *
 * @throws StateConflict when a card belongs to a machine in another status, Denied when too many were told of
 */
export async function introduceMachine(
  db: Database,
  told: { architecture: Architecture; macs: readonly string[]; hostname: string | undefined; commission: boolean },
  now: Date,
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const known = await tx
      .selectFrom("interfaces")
      .innerJoin("machines", "machines.id", "interfaces.machine_id")
      .select(["machines.id", "machines.status"])
      .where("mac", "in", ["", ...told.macs])
      .orderBy("machines.created_at")
      .executeTakeFirst();
    if (known && known.status !== "new" && known.status !== "commissioning")
      throw new StateConflict("A machine with one of these MAC addresses is known already.");
    if (known) return known.id;
    await checkUnseen(tx);
    const made = await insertMachine(tx, {
      hostname: told.hostname,
      architecture: told.architecture,
      interfaces: cards(told.macs),
      now,
    });
    await appendEvent(tx, {
      type: "machine.enlisted",
      at: now,
      machine_id: made.id,
      mac: told.macs[0] ?? null,
      actor: "machine",
      message: `${made.hostname} was told of: ${told.architecture}, ${told.macs.length} network cards`,
      data: { macs: told.macs },
    });
    if (told.commission && (await readSettings(tx)).enlist === "commission") await commissionIt(tx, made.id, now);
    return made.id;
  });
}

async function commissionIt(tx: Transaction, machineId: string, now: Date): Promise<void> {
  // Whoever tells of itself runs.
  await fire(tx, { machineId, trigger: "commission", actor: "region", alreadyRunning: true, now });
  const machine = await lockMachine(tx, machineId);
  for (const type of ["commissioning", "testing"] as const)
    await prepareScripts(tx, { machine, type, requestedBy: "region", now });
}

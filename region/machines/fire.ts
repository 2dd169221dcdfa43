import type { Failure, MachineStatus } from "@rackwright/contract";
import type { Selectable } from "kysely";
import { json } from "../database/pool.ts";
import type { MachinesTable } from "../database/tables/machines.ts";
import type { Transaction } from "../database/pool.ts";
import { NotFound, StateConflict } from "../errors.ts";
import { appendEvents } from "../events/append.ts";
import { type Fields, changedFields } from "../events/audit.ts";
import { endUse, releaseAddresses } from "../interfaces/configure.ts";
import { enqueuePower } from "../power/enqueue.ts";
import { deleteCredentials, readCredentials, renewCredentials } from "./credentials.ts";
import { firstDeadline } from "./deadline.ts";
import { type Rule, type Trigger, isOperatorTrigger, ruleFor } from "./lifecycle.ts";
import { endScripts } from "../scripts/index.ts";
import { type Caller, mayView } from "../users/access.ts";
import { permit, permitOwner, refused, requireNeed } from "./refusals.ts";
import { isUnmanaged, transition } from "./transition.ts";

export type { Caller } from "../users/access.ts";
export type MachineRow = Selectable<MachinesTable>;

export type Firing = {
  machineId: string;
  trigger: Trigger;
  /** A user name, 'machine', 'rack' or 'region'. */
  actor: string;
  now: Date;
  /** Whose rights count. Left out when the region itself acts. */
  caller?: Caller;
  /** Who will own the machine, on `owner: "caller"`; by default the caller. */
  ownerId?: number;
  /** Why it failed; needed for triggers that end badly. */
  failure?: Failure;
  /** The machine runs already what it should: no power command. */
  alreadyRunning?: boolean;
  deployment?: { image: string; user_data: string | null; ephemeral?: boolean };
  /** What the operator said about it. */
  comment?: string | undefined;
  /** Whether the machine stays on after its tests. */
  keepOn?: boolean;
  /** Among the release scripts is one that erases the disks. */
  erases?: boolean;
  /** Only if the machine's generation is still this one; otherwise nothing happens. */
  generation?: number;
};

export type Fired = { from: MachineStatus; to: MachineStatus; generation: number };

/**
 * Applies the life cycle table to one machine, in the caller's transaction: status, deadline, owner, credentials, events
 * and power commands change together or not at all. The row is locked, so of two at once the second sees what the first
 * did. Returns null when `generation` was given and has moved on.
 *
 * @throws NotFound, StateConflict (saying what is allowed), Denied
 */
export async function fire(tx: Transaction, firing: Firing): Promise<Fired | null> {
  const { machineId, trigger, now } = firing;
  const machine = await lockMachine(tx, machineId, firing.caller);
  if (firing.generation !== undefined && machine.generation !== firing.generation) return null;
  const rule = ruleFor(machine.status, trigger);
  if (rule === undefined) throw refused(machine, trigger);
  if (firing.caller) {
    permit(machine, rule, firing.caller, trigger);
    permitOwner(machine, rule, firing.caller, firing.ownerId);
  }
  requireNeed(machine, rule, trigger);
  if (rule.locks !== undefined) return setLock(tx, machine, rule.locks, firing);

  const { to, changes, power } = transition(machine, rule, firing);
  const generation = machine.generation + 1;
  const deadline = await firstDeadline(tx, rule.patience ?? to, now);
  const { failure, previous_failure, ...rest } = changes;
  await tx
    .updateTable("machines")
    .set({
      ...rest,
      failure: failure && json(failure),
      ...(previous_failure !== undefined && { previous_failure: previous_failure && json(previous_failure) }),
      generation,
      deadline,
    })
    .where("id", "=", machineId)
    .execute();
  if (changes.owner_id === null && machine.owner_id !== null) await endUse(tx, machineId);
  else if (changes.image === null && machine.image !== null) await releaseAddresses(tx, machineId);
  await setCredentials(tx, machine, rule, now);
  if (to !== machine.status && !goesOn.includes(trigger)) await endScripts(tx, machineId, unfinished(rule, firing));
  await record(tx, machine, to, firing, rule.fails ? failure : null);
  const unmanaged = isUnmanaged(machine);
  if (power && !unmanaged && !firing.alreadyRunning)
    await enqueuePower(tx, {
      machineId,
      generation,
      action: power.action,
      bootDevice: power.action === "cycle" ? "pxe" : null,
      actor: firing.actor,
      decides: power.decides,
      until: (deadline ?? new Date(now.getTime() + 5 * 60_000)).toISOString(),
    });
  // Nobody can be asked whether such a machine is off.
  if (power?.ends && unmanaged) {
    const ended = await fire(tx, { machineId, trigger: "powered-off", actor: "region", now });
    if (ended !== null) return { ...ended, from: machine.status };
  }
  return { from: machine.status, to, generation };
}

/** After these the scripts that did not run yet still shall, or none is left. */
const goesOn: readonly Trigger[] = ["tests-follow", "commission-passed", "tests-passed", "scripts-passed"];

/** What becomes of scripts that have not ended when the machine's status does. */
function unfinished(rule: Rule, { trigger, actor, failure, now }: Firing) {
  const status = trigger === "timed-out" ? ("timed out" as const) : ("aborted" as const);
  const error = rule.fails && failure ? failure.message : `It had not ended when ${actor} asked for '${trigger}'.`;
  return { status, error, now };
}

/**
 * The machine's row, locked for the rest of the transaction.
 *
 * @throws NotFound, also where `viewer` may not know of it
 */
export async function lockMachine(tx: Transaction, machineId: string, viewer?: Caller): Promise<MachineRow> {
  const machine = await tx
    .selectFrom("machines")
    .selectAll()
    .where("id", "=", machineId)
    .forUpdate()
    .executeTakeFirst();
  if (!machine || (viewer !== undefined && !mayView(viewer, machine)))
    throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  return machine;
}

async function setLock(tx: Transaction, machine: MachineRow, locked: boolean, firing: Firing): Promise<Fired> {
  if (locked === machine.locked)
    throw new StateConflict(`Machine ${machine.hostname} is ${locked ? "locked already" : "not locked"}.`, {
      next: "Nothing needs to be done.",
    });
  await tx.updateTable("machines").set({ locked }).where("id", "=", machine.id).execute();
  await record(tx, machine, machine.status, firing, null);
  return { from: machine.status, to: machine.status, generation: machine.generation };
}

async function setCredentials(tx: Transaction, machine: MachineRow, { credentials }: Rule, now: Date): Promise<void> {
  if (credentials === undefined || (credentials === "settle" && machine.installed)) return;
  if (credentials === "ensure" && (await readCredentials(tx, machine.id)) !== undefined) return;
  if (credentials === "new" || credentials === "ensure") await renewCredentials(tx, machine.id, now);
  else await deleteCredentials(tx, machine.id);
}

/** What an action can change of a machine, as far as its audit tells. */
const standing = ({ status, locked, image, user_data }: MachineRow): Fields => ({ status, locked, image, user_data });

function askedFor(machine: MachineRow, to: MachineStatus, { trigger, deployment }: Firing): Fields {
  const locked = trigger === "lock" || (trigger !== "unlock" && machine.locked);
  return { ...standing(machine), ...deployment, ephemeral: undefined, status: to, locked };
}

async function record(
  tx: Transaction,
  machine: MachineRow,
  to: MachineStatus,
  firing: Firing,
  failure: Failure | null,
): Promise<void> {
  const { actor, trigger, now } = firing;
  const about = { machine_id: machine.id, mac: machine.boot_mac, actor, at: now };
  const data = { from: machine.status, to, trigger, ...(firing.comment !== undefined && { comment: firing.comment }) };
  await appendEvents(tx, [
    ...(firing.caller || isOperatorTrigger(trigger)
      ? [
          {
            ...about,
            type: "machine.action" as const,
            message: `${actor}: ${trigger} ${machine.hostname}`,
            data: { ...data, ...changedFields(standing(machine), askedFor(machine, to, firing)) },
          },
        ]
      : []),
    ...(to === machine.status
      ? []
      : [
          {
            ...about,
            type: "machine.status" as const,
            level: failure ? ("error" as const) : ("info" as const),
            message: `${machine.hostname}: ${machine.status} → ${to}`,
            data: { ...data, ...(firing.deployment && { image: firing.deployment.image }) },
          },
        ]),
    ...(failure
      ? [
          {
            ...about,
            type: "machine.failed" as const,
            level: "error" as const,
            message: failure.message,
            data,
            failure,
          },
        ]
      : []),
  ]);
}

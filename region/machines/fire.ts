import type { Failure, MachineStatus } from "@rackwright/contract";
import type { Selectable, Updateable } from "kysely";
import { json } from "../database/pool.ts";
import type { MachinesTable } from "../database/tables.ts";
import type { Transaction } from "../database/pool.ts";
import { Denied, NotFound, StateConflict } from "../errors.ts";
import { appendEvents } from "../events/append.ts";
import { enqueuePower } from "../power/enqueue.ts";
import { deleteCredentials, renewCredentials } from "./credentials.ts";
import { firstDeadline } from "./deadline.ts";
import { type Rule, type Trigger, isOperatorTrigger, lifecycle, triggersIn } from "./lifecycle.ts";

export type MachineRow = Selectable<MachinesTable>;
/** The user behind a request, as far as rights go. */
export type Caller = { id: number; username: string; administrator: boolean };

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
  deployment?: { image: string; user_data: string | null };
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
  const machine = await lockMachine(tx, machineId);
  if (firing.generation !== undefined && machine.generation !== firing.generation) return null;
  const rule = lifecycle[machine.status][trigger];
  if (rule === undefined) throw refused(machine, trigger);
  if (rule.needs === "installed" && machine.netboot)
    throw new StateConflict(`Machine ${machine.hostname} has not finished its installation.`, {
      code: "not-installed",
      next: "Wait for the installation to finish.",
    });
  if (firing.caller) permit(machine, rule, firing.caller, trigger);

  const generation = machine.generation + 1;
  const deadline = await firstDeadline(tx, rule.to, now);
  const unmanaged = machine.power_driver === null || machine.power_driver === "manual";
  await tx
    .updateTable("machines")
    .set({ ...changes(machine, rule, firing, unmanaged), generation, deadline })
    .where("id", "=", machineId)
    .execute();
  if (rule.credentials === "new") await renewCredentials(tx, machineId, now);
  if (rule.credentials === "delete") await deleteCredentials(tx, machineId);
  await record(tx, machine, rule, firing);
  if (rule.power && !unmanaged && !firing.alreadyRunning)
    await enqueuePower(tx, {
      machineId,
      generation,
      action: rule.power === "cycle" ? "cycle" : "off",
      bootDevice: rule.power === "cycle" ? "pxe" : null,
      actor: firing.actor,
      decides: rule.power !== "off",
      until: (deadline ?? new Date(now.getTime() + 5 * 60_000)).toISOString(),
    });
  // Nobody can be asked whether such a machine is off.
  if (rule.power === "off-last" && unmanaged)
    return fire(tx, { machineId, trigger: "powered-off", actor: "region", now });
  return { from: machine.status, to: rule.to, generation };
}

/** The machine's row, locked for the rest of the transaction. */
export async function lockMachine(tx: Transaction, machineId: string): Promise<MachineRow> {
  const machine = await tx
    .selectFrom("machines")
    .selectAll()
    .where("id", "=", machineId)
    .forUpdate()
    .executeTakeFirst();
  if (!machine) throw new NotFound(`There is no machine ${machineId}.`, { next: "List machines to see their ids." });
  return machine;
}

function changes(
  machine: MachineRow,
  rule: Rule,
  firing: Firing,
  unmanaged: boolean,
): Omit<Updateable<MachinesTable>, "generation" | "deadline"> {
  const stays = rule.to === machine.status;
  const waits =
    rule.power && unmanaged && !firing.alreadyRunning
      ? "somebody to switch the machine on, since it has no power driver"
      : firing.alreadyRunning && rule.power
        ? "the machine to report its progress"
        : rule.waits;
  return {
    status: rule.to,
    ...(!stays && { previous_status: machine.status }),
    ...((!stays || rule.rearm) && { status_since: firing.now }),
    waits_for: rule.waits === undefined ? null : waits,
    failure: rule.fails ? json(firing.failure ?? unexplained(firing.trigger)) : null,
    progress: null,
    ...(rule.netboot !== undefined && { netboot: rule.netboot }),
    ...(rule.owner === "caller" && { owner_id: firing.ownerId ?? firing.caller?.id ?? null }),
    ...(rule.owner === "none" && { owner_id: null }),
    ...(rule.deployment === "set" && {
      image: firing.deployment?.image ?? null,
      user_data: firing.deployment?.user_data ?? null,
    }),
    ...(rule.deployment === "none" && { image: null, user_data: null }),
  };
}

async function record(tx: Transaction, machine: MachineRow, rule: Rule, firing: Firing): Promise<void> {
  const { actor, trigger, now } = firing;
  const about = { machine_id: machine.id, mac: machine.boot_mac, actor, at: now };
  const data = { from: machine.status, to: rule.to, trigger };
  const failure = rule.fails ? (firing.failure ?? unexplained(trigger)) : null;
  await appendEvents(tx, [
    ...(isOperatorTrigger(trigger)
      ? [{ ...about, type: "machine.action" as const, message: `${actor}: ${trigger} ${machine.hostname}`, data }]
      : []),
    ...(rule.to === machine.status
      ? []
      : [
          {
            ...about,
            type: "machine.status" as const,
            level: failure ? ("error" as const) : ("info" as const),
            message: `${machine.hostname}: ${machine.status} → ${rule.to}`,
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

function unexplained(trigger: Trigger): Failure {
  return {
    code: trigger,
    message: `It was reported as '${trigger}' without a reason.`,
    evidence: [],
    next: "Look at the machine's events.",
  };
}

function refused(machine: MachineRow, trigger: Trigger): StateConflict {
  const allowed = triggersIn(machine.status);
  const words = allowed.length > 0 ? `allowed now: ${allowed.join(", ")}` : "nothing can be asked of it now";
  return new StateConflict(
    `Machine ${machine.hostname} is ${machine.status}, which does not allow '${trigger}'; ${words}.`,
    {
      next: machine.waits_for
        ? `It waits for ${machine.waits_for}.`
        : `Ask for one of: ${allowed.join(", ") || "none"}.`,
    },
  );
}

function permit(machine: MachineRow, rule: Rule, caller: Caller, trigger: Trigger): void {
  if (mayApply(rule.by, machine.owner_id, caller)) return;
  throw new Denied(
    rule.by === "owner"
      ? `Only the owner of ${machine.hostname} or an administrator may ask it to ${trigger}.`
      : `Only an administrator may ask ${machine.hostname} to ${trigger}.`,
  );
}

/** Whether this user may do what the rule asks for with a machine of that owner. */
export function mayApply(by: Rule["by"], ownerId: number | null, caller: Caller): boolean {
  if (by === "world") return false;
  return caller.administrator || by === "user" || (by === "owner" && ownerId === caller.id);
}

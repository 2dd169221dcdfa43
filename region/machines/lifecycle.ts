import type { MachineStatus } from "@rackwright/contract";

/** What an operator may ask of a machine's life. */
export type OperatorTrigger = "commission" | "allocate" | "deploy" | "release" | "abort";
/** What the machine itself, its BMC or the clock reports. */
export type WorldTrigger =
  | "commission-passed"
  | "commission-failed"
  | "install-finished"
  | "install-failed"
  | "user-data-read"
  | "cloudinit-failed"
  | "power-failed"
  | "powered-off"
  | "timed-out";
export type Trigger = OperatorTrigger | WorldTrigger;

export type Rule = {
  /** The status afterwards. */
  to: MachineStatus;
  /** Who may: an administrator, any user, the owner or an administrator, or nobody but the world. */
  by: "administrator" | "user" | "owner" | "world";
  /** Further condition: the installation has finished, so the machine runs from its own disk. */
  needs?: "installed";
  /** Command for the BMC, in the same transaction. `off-last` also ends the status when the machine is off. */
  power?: "cycle" | "off" | "off-last";
  /** The machine's credentials towards metadata and agent routes. */
  credentials?: "new" | "delete";
  /** Whether the machine boots what the rack offers, or its own disk. */
  netboot?: boolean;
  owner?: "caller" | "none";
  /** Whether image and user data of a deployment are taken over or dropped. */
  deployment?: "set" | "none";
  /** Starts the deadlines of the status again although it stays. */
  rearm?: boolean;
  /** Who is waited for, in words; only where a status has an end. */
  waits?: string;
  /** It ended badly: a Failure is kept with the machine. */
  fails?: boolean;
};

const poweredOn = "the BMC to switch the machine on";

const release: Rule = {
  to: "releasing",
  by: "owner",
  power: "off-last",
  credentials: "delete",
  netboot: true,
  waits: "the BMC to report the machine off",
};
const commission: Rule = {
  to: "commissioning",
  by: "administrator",
  power: "cycle",
  credentials: "new",
  netboot: true,
  waits: poweredOn,
};
const deploy: Rule = {
  to: "deploying",
  by: "owner",
  power: "cycle",
  credentials: "new",
  netboot: true,
  deployment: "set",
  waits: poweredOn,
};
const commissionFailed: Rule = { to: "failed commissioning", by: "world", fails: true };
const deployFailed: Rule = { to: "failed deployment", by: "world", fails: true };
const releaseFailed: Rule = { to: "failed releasing", by: "world", fails: true };

/**
 * The life of a machine: in which status, what happens on which trigger. What is not in the table is refused.
 * The statuses with an end (`commissioning`, `deploying`, `releasing`) have a deadline, see settings/settings.ts, and so
 * a row for `timed-out`.
 */
export const lifecycle: Readonly<Record<MachineStatus, Readonly<Partial<Record<Trigger, Rule>>>>> = {
  new: { commission },
  commissioning: {
    "commission-passed": { to: "ready", by: "world", owner: "none" },
    "commission-failed": commissionFailed,
    "power-failed": commissionFailed,
    "timed-out": { ...commissionFailed, power: "off" },
    abort: { to: "new", by: "administrator", power: "off", credentials: "delete" },
  },
  "failed commissioning": { commission },
  ready: {
    commission,
    allocate: { to: "allocated", by: "user", owner: "caller" },
    deploy: { ...deploy, by: "user", owner: "caller" },
  },
  allocated: { deploy, release },
  deploying: {
    "install-finished": {
      to: "deploying",
      by: "world",
      netboot: false,
      rearm: true,
      waits: "the installed system to start and ask for its user data",
    },
    "install-failed": deployFailed,
    "user-data-read": { to: "deployed", by: "world", needs: "installed" },
    "cloudinit-failed": deployFailed,
    "power-failed": deployFailed,
    "timed-out": deployFailed,
    abort: { to: "allocated", by: "owner", power: "off", credentials: "delete", netboot: true, deployment: "none" },
    release,
  },
  deployed: { release },
  "failed deployment": { release },
  releasing: {
    "powered-off": { to: "ready", by: "world", owner: "none", deployment: "none" },
    "power-failed": releaseFailed,
    "timed-out": releaseFailed,
  },
  "failed releasing": { release },
};

/** Statuses that end by themselves, and so have a deadline. */
export const timedStatuses = ["commissioning", "deploying", "releasing"] as const;
export type TimedStatus = (typeof timedStatuses)[number];
export function isTimed(status: MachineStatus): status is TimedStatus {
  return (timedStatuses as readonly string[]).includes(status);
}

export const operatorTriggers = ["commission", "allocate", "deploy", "release", "abort"] as const;
export function isOperatorTrigger(trigger: string): trigger is OperatorTrigger {
  return (operatorTriggers as readonly string[]).includes(trigger);
}

/** What an operator may ask for in a status, whoever asks. */
export function triggersIn(status: MachineStatus): OperatorTrigger[] {
  return operatorTriggers.filter((trigger) => lifecycle[status][trigger] !== undefined);
}

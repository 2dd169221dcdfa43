import type { MachineStatus } from "@rackwright/contract";

/** What an operator may ask of a machine's life, as the API names it. */
export const operatorTriggers = [
  "commission",
  "test",
  "override_failed_testing",
  "allocate",
  "deploy",
  "release",
  "abort",
  "rescue_mode",
  "exit_rescue_mode",
  "mark_broken",
  "mark_fixed",
  "lock",
  "unlock",
] as const;
export type OperatorTrigger = (typeof operatorTriggers)[number];
/** Two more ways of a release: erase the disks first, or run other scripts first. */
export type ReleaseVariant = "erase" | "release-with-scripts";
/** What the machine itself, its BMC or the clock reports. */
export type WorldTrigger =
  | "commission-passed"
  | "tests-follow"
  | "commission-failed"
  | "tests-passed"
  | "tests-failed"
  | "install-finished"
  | "install-failed"
  | "user-data-read"
  | "cloudinit-failed"
  | "scripts-passed"
  | "scripts-failed"
  | "rescue-entered"
  | "rescue-failed"
  | "power-failed"
  | "powered-off"
  | "powered-on"
  | "timed-out";
export type Trigger = OperatorTrigger | ReleaseVariant | WorldTrigger;

/** Statuses that end by themselves, and so have a deadline. */
export const timedStatuses = [
  "commissioning",
  "testing",
  "deploying",
  "releasing",
  "disk erasing",
  "entering rescue mode",
  "exiting rescue mode",
] as const;
export type TimedStatus = (typeof timedStatuses)[number];

/**
 * Where a rule leads: a status; `same`; or to what the machine was before (`before`: what each earlier status leads
 * to, `otherwise` the earlier status itself). `held`: deployed with an installed system, else allocated with an owner,
 * else ready.
 */
export type Destination =
  | MachineStatus
  | "same"
  | "held"
  | { readonly before: Readonly<Partial<Record<MachineStatus, MachineStatus | "held">>> };

export type Rule = {
  to: Destination;
  /** Who may: an administrator, any user, the owner or an administrator, or nobody but the world. */
  by: "administrator" | "user" | "owner" | "world";
  /**
   * Further condition. `installed`: the installation has finished, so the machine runs what it was deployed with;
   * `inventory`: it was commissioned once; `owned`: it belongs to somebody; `undeployed`: no deployed system is on it.
   */
  needs?: "installed" | "inventory" | "owned" | "undeployed";
  /**
   * Command for the BMC, in the same transaction. `cycle` boots from the network and the status waits for it; `off`;
   * `off-last` also ends the status when the machine is off; `settle` switches it off, or starts its own system again
   * where it has one; `settle-last` also ends the status.
   */
  power?: "cycle" | "off" | "off-last" | "settle" | "settle-last";
  /**
   * The machine's credentials towards metadata and agent routes. `ensure`: those of its installed system stay good;
   * `settle`: deleted unless it has an installed system.
   */
  credentials?: "new" | "ensure" | "delete" | "settle";
  /** Whether the machine boots what the rack offers, or its own disk. */
  netboot?: boolean;
  /** `settle`: nobody, unless it has an installed system. */
  owner?: "caller" | "none" | "settle";
  /** Whether image and user data of a deployment are taken over or dropped (`settle`: unless it is installed). */
  deployment?: "set" | "none" | "settle";
  /** Starts the deadlines of the status again although it stays. */
  rearm?: boolean;
  /** The status whose deadlines count, where not its own. */
  patience?: TimedStatus;
  /** Who is waited for, in words; only where a status has an end. */
  waits?: string;
  /** It ended badly: a Failure is kept with the machine. */
  fails?: boolean;
  /** Locks or unlocks the machine against everything an operator may ask. */
  locks?: boolean;
};

const poweredOn = "the BMC to switch the machine on";
const netboot = { power: "cycle", netboot: true, waits: poweredOn } as const;

export const commission: Rule = {
  to: "commissioning",
  by: "administrator",
  ...netboot,
  credentials: "new",
  owner: "none",
  deployment: "none",
};
export const test: Rule = {
  to: "testing",
  by: "administrator",
  power: "cycle",
  waits: poweredOn,
  credentials: "ensure",
};
export const deploy: Rule = { to: "deploying", by: "owner", ...netboot, credentials: "new", deployment: "set" };
export const release: Rule = {
  to: "releasing",
  by: "owner",
  power: "off-last",
  credentials: "delete",
  netboot: true,
  waits: "the BMC to report the machine off",
};
export const erase: Rule = { to: "disk erasing", by: "owner", ...netboot, credentials: "new" };
export const runScripts: Rule = {
  to: "releasing",
  by: "owner",
  ...netboot,
  credentials: "new",
  patience: "disk erasing",
};
export const abortErasing: Rule = {
  to: "failed disk erasing",
  by: "owner",
  power: "off",
  credentials: "delete",
  fails: true,
};
export const rescue: Rule = {
  to: "entering rescue mode",
  by: "administrator",
  power: "cycle",
  waits: poweredOn,
  credentials: "ensure",
};
/** An installed system and its owner stay with the machine: once fixed, it is what it was. */
export const markBroken: Rule = {
  to: "broken",
  by: "owner",
  power: "off",
  credentials: "settle",
  owner: "settle",
  deployment: "settle",
  fails: true,
};
/** What can be asked in and around rescue mode. */
export const inRescue: Partial<Record<Trigger, Rule>> = {
  exit_rescue_mode: {
    to: "exiting rescue mode",
    by: "administrator",
    power: "settle-last",
    waits: "the BMC to bring the machine back to what it was",
  },
  mark_broken: markBroken,
};

/** Statuses a machine passes through on its way back to what it was before. */
export const passing: readonly MachineStatus[] = [
  "testing",
  "entering rescue mode",
  "rescue mode",
  "failed to enter rescue mode",
  "exiting rescue mode",
  "failed to exit rescue mode",
];
/** What a machine was before rescue mode, it is again. */
export const afterRescue: Destination = { before: {} };
/**
 * What a machine is whose tests passed, by what it was before. One whose disks were not erased, or that was not
 * released, is not ready because its memory is good: it stays what it was.
 */
export const afterTesting: Destination = {
  before: {
    new: "ready",
    commissioning: "ready",
    "failed commissioning": "new",
    "failed testing": "held",
    missing: "ready",
    retired: "ready",
    broken: "held",
  },
};
/** Tests that were broken off say nothing about a machine: it is what it was, with the reason it had. */
export const afterAbortedTesting: Destination = { before: { commissioning: "ready" } };

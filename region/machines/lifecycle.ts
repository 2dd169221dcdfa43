import type { MachineStatus } from "@rackwright/contract";
import { abortErasing, commission, deploy, erase, inRescue, markBroken, release, rescue, test } from "./rules.ts";
import {
  afterAbortedTesting,
  afterRescue,
  afterTesting,
  operatorTriggers,
  runScripts,
  timedStatuses,
} from "./rules.ts";
import type { OperatorTrigger, Rule, TimedStatus, Trigger } from "./rules.ts";

export { operatorTriggers, timedStatuses } from "./rules.ts";
export type { Destination, OperatorTrigger, Rule, TimedStatus, Trigger, WorldTrigger } from "./rules.ts";

const commissionFailed: Rule = { to: "failed commissioning", by: "world", fails: true };
const deployFailed: Rule = { to: "failed deployment", by: "world", fails: true };
const releaseFailed: Rule = { to: "failed releasing", by: "world", fails: true };
const eraseFailed: Rule = { to: "failed disk erasing", by: "world", fails: true };
const testFailed: Rule = { to: "failed testing", by: "world", fails: true };
const enterFailed: Rule = { to: "failed to enter rescue mode", by: "world", fails: true };
const exitFailed: Rule = { to: "failed to exit rescue mode", by: "world", fails: true };
const lock: Rule = { to: "same", by: "owner", locks: true };
const unlock: Rule = { to: "same", by: "owner", locks: false };
const off = { power: "off" } as const;

/**
 * The life of a machine: in which status, what happens on which trigger. What is not in the table is refused, except
 * that a locked machine can be unlocked in every status. Each of `timedStatuses` has a deadline, see
 * settings/settings.ts, and so a row for `timed-out`. Reserved, missing and retired come with machines taken over from
 * elsewhere: nothing here leads to them, and an operator finds the way out.
 */
export const lifecycle: Readonly<Record<MachineStatus, Readonly<Partial<Record<Trigger, Rule>>>>> = {
  new: { commission, test: { ...test, needs: "inventory" }, rescue_mode: rescue, mark_broken: markBroken },
  commissioning: {
    "commission-passed": { to: "ready", by: "world", owner: "none" },
    "tests-follow": { to: "testing", by: "world", netboot: true, waits: "the machine to begin its tests" },
    "commission-failed": commissionFailed,
    "power-failed": commissionFailed,
    "timed-out": { ...commissionFailed, ...off },
    abort: { to: "new", by: "administrator", ...off, credentials: "delete" },
    mark_broken: markBroken,
  },
  "failed commissioning": { commission, test, rescue_mode: rescue, mark_broken: markBroken },
  testing: {
    "tests-passed": { to: afterTesting, by: "world" },
    "tests-failed": testFailed,
    "power-failed": testFailed,
    "timed-out": { ...testFailed, ...off },
    abort: { to: afterAbortedTesting, by: "owner", power: "settle", credentials: "settle" },
    mark_broken: markBroken,
  },
  "failed testing": {
    test,
    commission: { ...commission, needs: "undeployed" },
    override_failed_testing: {
      to: "held",
      by: "administrator",
      power: "settle",
      credentials: "settle",
      deployment: "settle",
    },
    release: { ...release, needs: "owned" },
    erase: { ...erase, needs: "owned" },
    "release-with-scripts": { ...runScripts, needs: "owned" },
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
  ready: {
    commission,
    test,
    allocate: { to: "allocated", by: "user", owner: "caller" },
    deploy: { ...deploy, by: "user", owner: "caller" },
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
  reserved: { release, erase, "release-with-scripts": runScripts, test, rescue_mode: rescue, mark_broken: markBroken },
  allocated: {
    deploy,
    release,
    erase,
    "release-with-scripts": runScripts,
    test,
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
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
    abort: { to: "allocated", by: "owner", ...off, credentials: "delete", netboot: true, deployment: "none" },
    release,
    erase,
    "release-with-scripts": runScripts,
    mark_broken: markBroken,
    lock,
  },
  deployed: {
    release,
    erase,
    "release-with-scripts": runScripts,
    test,
    rescue_mode: rescue,
    mark_broken: markBroken,
    lock,
  },
  "failed deployment": {
    release,
    erase,
    "release-with-scripts": runScripts,
    test,
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
  releasing: {
    "powered-off": { to: "ready", by: "world", owner: "none", deployment: "none", credentials: "delete" },
    "scripts-passed": {
      to: "releasing",
      by: "world",
      power: "off-last",
      rearm: true,
      credentials: "delete",
      waits: "the BMC to report the machine off",
    },
    "scripts-failed": { ...releaseFailed, ...off },
    "power-failed": releaseFailed,
    "timed-out": { ...releaseFailed, ...off },
    mark_broken: markBroken,
  },
  "failed releasing": {
    release,
    erase,
    "release-with-scripts": runScripts,
    test,
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
  "disk erasing": {
    "scripts-passed": { ...release, by: "world" },
    "scripts-failed": { ...eraseFailed, ...off },
    "power-failed": eraseFailed,
    "timed-out": { ...eraseFailed, ...off },
    abort: abortErasing,
    mark_broken: markBroken,
  },
  "failed disk erasing": {
    release,
    erase,
    "release-with-scripts": runScripts,
    test,
    rescue_mode: rescue,
    mark_broken: markBroken,
  },
  "entering rescue mode": {
    "rescue-entered": { to: "rescue mode", by: "world" },
    "rescue-failed": enterFailed,
    "power-failed": enterFailed,
    "timed-out": enterFailed,
    ...inRescue,
  },
  "rescue mode": { test, ...inRescue },
  "failed to enter rescue mode": { test, rescue_mode: rescue, ...inRescue },
  "exiting rescue mode": {
    "powered-off": { to: afterRescue, by: "world", credentials: "settle" },
    "powered-on": { to: afterRescue, by: "world", credentials: "settle" },
    "power-failed": exitFailed,
    "timed-out": exitFailed,
    mark_broken: markBroken,
  },
  "failed to exit rescue mode": { test, rescue_mode: rescue, ...inRescue },
  broken: {
    commission: { ...commission, needs: "undeployed" },
    mark_fixed: { to: "held", by: "administrator", credentials: "settle" },
    release: { ...release, needs: "owned" },
    erase: { ...erase, needs: "owned" },
    "release-with-scripts": { ...runScripts, needs: "owned" },
    test,
    rescue_mode: rescue,
  },
  missing: { commission, test, rescue_mode: rescue, mark_broken: markBroken },
  retired: { test, rescue_mode: rescue, mark_broken: markBroken },
};

/** The rule for a trigger in a status; undefined where it is refused. */
export function ruleFor(status: MachineStatus, trigger: Trigger): Rule | undefined {
  return lifecycle[status][trigger] ?? (trigger === "unlock" ? unlock : undefined);
}

export function isTimed(status: MachineStatus): status is TimedStatus {
  return (timedStatuses as readonly string[]).includes(status);
}

export function isOperatorTrigger(trigger: string): trigger is OperatorTrigger {
  return (operatorTriggers as readonly string[]).includes(trigger);
}

/** What an operator may ask for in a status, whoever asks; `unlock` is told with a locked machine only. */
export function triggersIn(status: MachineStatus): OperatorTrigger[] {
  return operatorTriggers.filter((trigger) => lifecycle[status][trigger] !== undefined);
}

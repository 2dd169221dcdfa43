import type { MachineStatus } from "@rackwright/contract";

/** A status in MAAS's numbers and words. */
export type StatusWords = {
  code: number;
  name: string;
  /** In the filter `status`. */
  word: string;
  /** In the filter `simple_status`. */
  simple: SimpleStatus;
};

export const simpleStatuses = [
  "allocated",
  "broken",
  "commissioning",
  "deployed",
  "deploying",
  "failed",
  "new",
  "ready",
  "releasing",
  "rescue_mode",
  "testing",
  "other",
] as const;
export type SimpleStatus = (typeof simpleStatuses)[number];

const words = (code: number, name: string, word: string, simple: SimpleStatus): StatusWords => ({
  code,
  name,
  word,
  simple,
});

/** Every status by our name. Clients compare MAAS's names letter by letter. */
export const statusWords: Readonly<Record<MachineStatus, StatusWords>> = {
  new: words(0, "New", "new", "new"),
  commissioning: words(1, "Commissioning", "commissioning", "commissioning"),
  "failed commissioning": words(2, "Failed commissioning", "failed_commissioning", "failed"),
  missing: words(3, "Missing", "missing", "other"),
  ready: words(4, "Ready", "ready", "ready"),
  reserved: words(5, "Reserved", "reserved", "other"),
  deployed: words(6, "Deployed", "deployed", "deployed"),
  retired: words(7, "Retired", "retired", "other"),
  broken: words(8, "Broken", "broken", "broken"),
  deploying: words(9, "Deploying", "deploying", "deploying"),
  allocated: words(10, "Allocated", "allocated", "allocated"),
  "failed deployment": words(11, "Failed deployment", "failed_deployment", "failed"),
  releasing: words(12, "Releasing", "releasing", "releasing"),
  "failed releasing": words(13, "Releasing failed", "failed_releasing", "failed"),
  "disk erasing": words(14, "Disk erasing", "disk_erasing", "releasing"),
  "failed disk erasing": words(15, "Failed disk erasing", "failed_disk_erasing", "failed"),
  "rescue mode": words(16, "Rescue mode", "rescue_mode", "rescue_mode"),
  "entering rescue mode": words(17, "Entering rescue mode", "entering_rescue_mode", "rescue_mode"),
  "failed to enter rescue mode": words(18, "Failed to enter rescue mode", "failed_entering_rescue_mode", "failed"),
  "exiting rescue mode": words(19, "Exiting rescue mode", "exiting_rescue_mode", "rescue_mode"),
  "failed to exit rescue mode": words(20, "Failed to exit rescue mode", "failed_exiting_rescue_mode", "failed"),
  testing: words(21, "Testing", "testing", "testing"),
  "failed testing": words(22, "Failed testing", "failed_testing", "failed"),
};

const all = Object.entries(statusWords) as [MachineStatus, StatusWords][];

/** Words of the filter `status`, in the order of their codes. */
export const statusFilterWords: readonly string[] = all
  .map(([, status]) => status)
  .toSorted((a, b) => a.code - b.code)
  .map(({ word }) => word);

/** Our statuses for a word of the filter `status` or `simple_status`. */
export function statusesFor(kind: "word" | "simple", value: string): MachineStatus[] {
  return all.filter(([, status]) => status[kind] === value).map(([name]) => name);
}

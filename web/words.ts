import type { Machine, MachineAction } from "@rackwright/contract";

/** Statuses in which a machine does something, or something is done to it, until it ends. */
const busy: readonly Machine["status"][] = [
  "commissioning",
  "testing",
  "deploying",
  "releasing",
  "disk erasing",
  "entering rescue mode",
  "exiting rescue mode",
];

/** Colour family of a status. */
export function tone(status: Machine["status"]): "good" | "busy" | "bad" | "idle" {
  if (status.startsWith("failed") || status === "broken" || status === "missing") return "bad";
  if (status === "deployed" || status === "ready") return "good";
  return busy.includes(status) ? "busy" : "idle";
}

export function gibibytes(bytes: number | null): string {
  if (bytes === null) return "–";
  const value = bytes / 1024 ** 3;
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} GiB`;
}

/** Bytes of disks as their makers count them. */
export function diskSize(bytes: number | null): string {
  if (bytes === null) return "–";
  const terabytes = bytes >= 1e12;
  const value = bytes / (terabytes ? 1e12 : 1e9);
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${terabytes ? "TB" : "GB"}`;
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The time of an instant, with its day where that is not today. */
export function clockTime(instant: string): string {
  const date = new Date(instant);
  const time = date.toLocaleTimeString([], { hour12: false });
  const today = date.toDateString() === new Date().toDateString();
  return today ? time : `${date.toLocaleDateString([], { month: "short", day: "numeric" })} ${time}`;
}

export const actionWords: Readonly<Record<MachineAction, string>> = {
  commission: "Commission",
  test: "Test hardware",
  override_failed_testing: "Use in spite of its tests",
  allocate: "Allocate",
  deploy: "Deploy",
  release: "Release",
  abort: "Abort",
  rescue_mode: "Rescue mode",
  exit_rescue_mode: "Leave rescue mode",
  mark_broken: "Mark broken",
  mark_fixed: "Mark fixed",
  lock: "Lock",
  unlock: "Unlock",
  power_on: "Power on",
  power_off: "Power off",
  power_cycle: "Power cycle",
  query_power: "Ask for the power state",
};

import type { Machine } from "@rackwright/contract";

/** Colour family of a status. */
export function tone(status: Machine["status"]): "good" | "busy" | "bad" | "idle" {
  if (status.startsWith("failed")) return "bad";
  if (status === "deployed" || status === "ready") return "good";
  return status === "commissioning" || status === "deploying" || status === "releasing" ? "busy" : "idle";
}

export function gibibytes(bytes: number | null): string {
  if (bytes === null) return "–";
  const value = bytes / 1024 ** 3;
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} GiB`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function clockTime(instant: string): string {
  return new Date(instant).toLocaleTimeString([], { hour12: false });
}

export const actionWords: Record<string, string> = {
  commission: "Commission",
  allocate: "Allocate",
  deploy: "Deploy Debian 12",
  release: "Release",
  abort: "Abort",
  power_on: "Power on",
  power_off: "Power off",
  power_cycle: "Power cycle",
  query_power: "Ask for power state",
};

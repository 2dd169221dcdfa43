import { macAddress } from "@rackwright/contract";
import type { z } from "zod";
import type { listParameters } from "./machine-filter.ts";

type Wanted = z.output<typeof listParameters>;

/** What filters look at of a node that is no machine. What is null or empty is what such a node has none of. */
export type FilteredNode = {
  system_id: string;
  hostname: string;
  domain: string;
  zone: string;
  owner: string | null;
  macs: readonly string[];
};

const values: Readonly<Record<string, (node: FilteredNode) => readonly string[]>> = {
  id: ({ system_id }) => [system_id],
  system_id: ({ system_id }) => [system_id],
  hostname: ({ hostname }) => [hostname],
  domain: ({ domain }) => [domain],
  zone: ({ zone }) => [zone],
  owner: ({ owner }) => (owner === null ? [] : [owner]),
  mac_address: ({ macs }) => macs,
};
/** Parameters whose negation has a name of its own. */
const negated = (name: string): string | null =>
  name === "not_in_zone" ? "zone" : name.startsWith("not_") ? name.slice("not_".length) : null;
/** Names of an allocation, which select nothing. */
const ignored = /^(comment|bridge_.*|dry_run|verbose)$/;

const asked = (value: unknown): string[] => (value === undefined || value === "" ? [] : [value].flat().map(String));
const normal = (name: string, value: string): string => {
  const mac = name === "mac_address" ? macAddress.safeParse(value) : null;
  return mac?.success ? mac.data : value;
};

/**
 * Whether a device or controller is among what is asked for. It has neither status nor disks nor whatever else only
 * machines have: who asks for such finds machines only, and who asks for nodes without it finds it.
 */
export function isWanted(node: FilteredNode, wanted: Wanted): boolean {
  return Object.entries(wanted).every(([name, given]) => {
    const words = asked(given);
    if (words.length === 0 || ignored.test(name)) return true;
    const positive = negated(name);
    const of = values[positive ?? name];
    const found = of !== undefined && words.some((word) => of(node).includes(normal(name, word)));
    return positive === null ? found : !found;
  });
}

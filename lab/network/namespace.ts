import { stat } from "node:fs/promises";
import { z } from "zod";
import { LabHostError, LabRequestError } from "../errors.ts";
import type { LabState } from "../state.ts";
import { findInNamespace } from "../world/process-identity.ts";
import type { Outcome, World } from "../world/world.ts";
import { networkOf } from "./addresses.ts";

/** The commands, for `ip -batch` in the lab's namespace, that make its network. */
export function networkCommands(lab: LabState): string[] {
  const { bridge } = lab;
  const port = (tap: string) => [
    `tuntap add dev ${tap} mode tap`,
    `link set dev ${tap} master ${bridge}`,
    `link set dev ${tap} up`,
  ];
  return [
    "link set dev lo up",
    // Without the delay of zero the first seconds of a machine's network, and so its first DHCP request, are lost.
    `link add name ${bridge} address ${lab.bridgeMac} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set dev ${bridge} alias ${lab.id}`,
    `address add ${lab.rackAddress}/${networkOf(lab.subnet).prefix} dev ${bridge}`,
    ...lab.machines.map(({ bmc }) => `address add ${bmc.address}/32 dev ${bridge}`),
    `link set dev ${bridge} up`,
    ...lab.machines.flatMap(({ tap }) => port(tap)),
  ];
}

/** Makes the namespace of a lab and the network in it. */
export async function makeNamespace(world: World, lab: LabState): Promise<void> {
  const made = await world.run(["ip", "netns", "add", lab.namespace]);
  if (made.code !== 0) throw new LabHostError(explain(`network namespace ${lab.namespace} cannot be made`, made));
  const input = `${networkCommands(lab).join("\n")}\n`;
  const built = await world.run(["ip", "-n", lab.namespace, "-batch", "-"], { input });
  if (built.code !== 0) throw new LabHostError(explain(`the network of lab ${lab.name} cannot be made`, built));
}

/** Whether a network namespace has this name. */
export async function namespaceExists(namespace: string): Promise<boolean> {
  return (await inodeOf(namespace)) !== undefined;
}

/** Throws a LabRequestError when the namespace of a lab-to-be is there already. */
export async function refuseExistingNamespace(name: string, namespace: string): Promise<void> {
  if (!(await namespaceExists(namespace))) return;
  throw new LabRequestError(
    `name ${JSON.stringify(name)}: the network namespace ${namespace} exists already; take that lab down, or choose another name`,
  );
}

const links = z.array(z.object({ ifname: z.string(), ifalias: z.string().optional() }));

/**
 * Removes a namespace of the lab with all interfaces in it. Answers the pids of processes of others that still live
 * in it: the namespace has lost its name and interfaces, and ends when they do. A namespace of the same name that
 * belongs to another lab is left alone.
 */
export async function removeNamespace(world: World, lab: LabState, namespace: string): Promise<number[]> {
  const inode = await inodeOf(namespace);
  if (inode === undefined) return [];
  const found = await linksOf(world, namespace);
  if (isOfAnother(lab, found)) return [];
  // Explicitly, because interfaces outlive the name of the namespace while a process holds it.
  const ours = [...lab.machines.map(({ tap }) => tap), lab.bridge].filter((name) =>
    found.some(({ ifname }) => ifname === name),
  );
  const input = ours.map((name) => `link delete dev ${name}\n`).join("");
  await world.run(["ip", "-n", namespace, "-force", "-batch", "-"], { input });
  const removed = await world.run(["ip", "netns", "delete", namespace]);
  if (removed.code !== 0 && (await inodeOf(namespace)) !== undefined) {
    throw new LabHostError(explain(`network namespace ${namespace} cannot be removed`, removed));
  }
  return findInNamespace(inode);
}

/** Whether the namespace with the lab's name is another lab's, which came after this one had lost its own. */
export async function belongsToAnother(world: World, lab: LabState): Promise<boolean> {
  return isOfAnother(lab, await linksOf(world, lab.namespace));
}

function isOfAnother(lab: LabState, found: z.infer<typeof links>): boolean {
  const owner = found.find(({ ifname }) => ifname === lab.bridge)?.ifalias;
  return owner !== undefined && owner !== lab.id;
}

async function linksOf(world: World, namespace: string): Promise<z.infer<typeof links>> {
  const listed = await world.run(["ip", "-n", namespace, "-json", "link", "show"]);
  return links.safeParse(listed.code === 0 ? JSON.parse(listed.stdout || "[]") : []).data ?? [];
}

/** One line about a program that failed. */
export function explain(what: string, outcome: Outcome): string {
  const said = (outcome.stderr || outcome.stdout).trim().split("\n").slice(-3).join(" | ");
  return `${what}: ${said || `ended with ${outcome.code ?? outcome.signal}`}`;
}

async function inodeOf(namespace: string): Promise<number | undefined> {
  return stat(`/run/netns/${namespace}`).then(
    ({ ino }) => ino,
    () => undefined,
  );
}

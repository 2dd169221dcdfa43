import { realpath } from "node:fs/promises";
import type { ScriptArgument } from "@rackwright/contract";
import { readBlockFacts } from "../inventory/block-facts.ts";
import type { BlockFacts } from "../inventory/block-facts.ts";
import { readText } from "../world.ts";
import type { World } from "../world.ts";

type Storage = Extract<ScriptArgument, { type: "storage" }>["value"];
type Network = Extract<ScriptArgument, { type: "interface" }>["value"];

/** A device that a script shall run on is not in the machine. */
export class DeviceMissing extends Error {}

const plain = (text: string | null): string => (text ?? "").replaceAll(/[\s_]+/g, " ").trim();

/** Models are told in full or cut off, depending on who asks the disk. */
function sameModel(one: string | null, other: string | null): boolean {
  const [a, b] = [plain(one), plain(other)];
  return a === "" || b === "" || a.startsWith(b) || b.startsWith(a);
}

/**
 * The disk as it is named now. Kernel names move between boots, and a script may destroy what it is given: a disk with a
 * serial number is found by that, and never by a name that may be another disk's today. Only a disk without one is taken
 * by its path.
 *
 * @throws DeviceMissing naming the disk and those that are there
 */
export async function findDisk(world: World, wanted: Storage, resolve = realPath): Promise<Storage> {
  const present = await readBlockFacts(world);
  const target = await resolve(wanted.path);
  const at = (disk: BlockFacts): boolean => target === `/dev/${disk.name}`;
  if (wanted.serial !== null) {
    const serial = plain(wanted.serial);
    const same = present.filter((disk) => plain(disk.serial) === serial && sameModel(disk.model, wanted.model));
    const found = same.find(at) ?? same[0];
    if (found !== undefined) return { ...wanted, name: found.name, path: pathOf(wanted, found, target) };
    // Names below by-id are made of serial numbers: they cannot be another disk's.
    const named = wanted.path.startsWith("/dev/disk/by-id/") ? present.find(at) : undefined;
    if (named !== undefined) return { ...wanted, name: named.name };
  } else {
    const found = present.find(at);
    if (found !== undefined && sameModel(found.model, wanted.model)) return { ...wanted, name: found.name };
  }
  const names = present.map((disk) => [disk.name, disk.model, disk.serial].filter(Boolean).join(" "));
  const is = [wanted.model, wanted.serial === null ? null : `serial ${wanted.serial}`].filter(Boolean).join(", ");
  throw new DeviceMissing(
    `The disk ${wanted.name}${is === "" ? "" : ` (${is})`} is not in this machine. ` +
      `There ${names.length === 0 ? "is no disk" : `are: ${names.join("; ")}`}.`.slice(0, 1500),
  );
}

/** The path the inventory knows, while it leads to the disk; else its name of today. */
function pathOf(wanted: Storage, found: BlockFacts, target: string | null): string {
  return target === `/dev/${found.name}` ? wanted.path : `/dev/${found.name}`;
}

async function realPath(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

/**
 * The network card as it is named now, found by its MAC address.
 *
 * @throws DeviceMissing naming the card and those that are there
 */
export async function findCard(world: World, wanted: Network): Promise<Network> {
  const cards: string[] = [];
  for (const name of await world.list(`${world.root}/sys/class/net`)) {
    const base = `/sys/class/net/${name}`;
    const mac = (await readText(world, `${base}/address`))?.toLowerCase();
    if (mac === undefined || (await world.link(`${world.root}${base}/device`)) === null) continue;
    if (mac === wanted.mac) return { ...wanted, name };
    cards.push(`${name} ${mac}`);
  }
  throw new DeviceMissing(
    `The network card ${wanted.name} with MAC address ${wanted.mac} is not in this machine. ` +
      `There ${cards.length === 0 ? "is no network card" : `are: ${cards.join("; ")}`}.`.slice(0, 1500),
  );
}

/** The arguments with every device as it is named now. Throws DeviceMissing. */
export async function presentDevices(
  world: World,
  values: readonly ScriptArgument[],
  resolve = realPath,
): Promise<ScriptArgument[]> {
  return Promise.all(
    values.map(async (argument): Promise<ScriptArgument> => {
      if (argument.type === "storage") return { ...argument, value: await findDisk(world, argument.value, resolve) };
      if (argument.type === "interface") return { ...argument, value: await findCard(world, argument.value) };
      return argument;
    }),
  );
}

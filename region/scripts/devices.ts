import type { Inventory, ScriptArgument } from "@rackwright/contract";

type Value<T extends "storage" | "interface"> = Extract<ScriptArgument, { type: T }>["value"];

/** Words that name a group of disks. */
function diskTags(disk: Inventory["disks"][number]): string[] {
  return [
    disk.rotational ? "rotary" : "ssd",
    ...(disk.removable ? ["removable"] : []),
    ...(disk.transport === null ? [] : [disk.transport]),
  ];
}

/** The disks that scripts are for: those that can be written. */
function disksOf(inventory: Inventory): Inventory["disks"] {
  return inventory.disks.filter((disk) => !disk.read_only);
}

/** Disks a value names: `all`, or with commas between: name, path, model, serial, model:serial, or a tag such as ssd. */
export function findDisks(inventory: Inventory, value: string): Value<"storage">[] {
  const wanted = wordsOf(value);
  return disksOf(inventory)
    .filter(
      (disk) =>
        wanted.includes("all") ||
        [
          disk.name,
          disk.path,
          `/dev/${disk.name}`,
          disk.model,
          disk.serial,
          `${disk.model}:${disk.serial}`,
          ...diskTags(disk),
        ].some((name) => name !== null && wanted.includes(name)),
    )
    .map(({ name, path, model, serial }) => ({ name, path, model, serial }));
}

/** Network cards a value names: `all`, or with commas between: name, MAC address, vendor or product. */
export function findCards(inventory: Inventory, value: string): Value<"interface">[] {
  const wanted = wordsOf(value);
  return inventory.interfaces
    .filter(
      (card) =>
        wanted.includes("all") ||
        wanted.some((word) => word.toLowerCase() === card.mac) ||
        [card.name, card.vendor, card.product].some((name) => name !== null && wanted.includes(name)),
    )
    .map(({ name, mac, vendor, product }) => ({ name, mac, vendor, product }));
}

/** Words of the value that name no device of this machine; a value is a slip of the pen then. */
export function strangersIn(inventory: Inventory, type: "storage" | "interface", value: string): string[] {
  const find = type === "storage" ? findDisks : findCards;
  return wordsOf(value).filter((word) => word !== "all" && find(inventory, word).length === 0);
}

/** What could have been named instead. */
export function deviceNames(inventory: Inventory, type: "storage" | "interface"): string {
  const names =
    type === "storage" ? disksOf(inventory).map(({ name }) => name) : inventory.interfaces.map(({ name }) => name);
  return ["all", ...names].slice(0, 50).join(", ");
}

function wordsOf(value: string): string[] {
  return value
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

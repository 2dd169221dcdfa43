import {
  type Group,
  type GroupFamily,
  type Place,
  type Storage,
  deleteGroup,
  devicesNamed,
  familyOf,
  findGroup,
  partitionsNamed,
} from "../storage/index.ts";
import type { Call, Operation } from "./operation.ts";
import { list, text } from "./parameters.ts";
import { at, changing, gone, nothing, of, reading } from "./storage-common.ts";
import { renderBcache, renderDatastore, renderRaid, renderVolumeGroup } from "./storage-render.ts";

export const name = text("Its name.");
export const uuid = text("Its UUID.").optional();
export const devices = (doc: string) => list(`Block devices, by id or name: ${doc}.`, 200);
export const parts = (doc: string) => list(`Partitions, by id or name: ${doc}.`, 200);

/** The lists of a request named as places: devices and partitions together. */
export function places(
  storage: Storage,
  deviceField: string,
  deviceNames: readonly string[],
  partitionField: string,
  partitionNames: readonly string[],
): Place[] {
  return [
    ...devicesNamed(storage, deviceField, deviceNames),
    ...partitionsNamed(storage, partitionField, partitionNames),
  ];
}

type Kind = { family: GroupFamily; model: string; render: (storage: Storage, group: Group) => object };
export const kinds = {
  lvm: { family: "lvm", model: "VolumeGroup", render: renderVolumeGroup },
  raid: { family: "raid", model: "RAID", render: renderRaid },
  bcache: { family: "bcache", model: "Bcache", render: renderBcache },
  vmfs6: { family: "vmfs6", model: "VMFS", render: renderDatastore },
} as const satisfies Record<GroupFamily, Kind>;

export const groupAt = (kind: Kind, storage: Storage, call: Call): Group =>
  of(kind.model, () => findGroup(storage, kind.family, at(call, "id")));

/** What every kind of group has: a list, and reading and deleting one. */
export const listed = (kind: Kind, title: string): Operation =>
  reading(title, (storage) =>
    storage.groups.filter((one) => familyOf(one) === kind.family).map((one) => kind.render(storage, one)),
  );
export const read = (kind: Kind, title: string): Operation =>
  reading(title, (storage, call) => kind.render(storage, groupAt(kind, storage, call)));
export const deleting = (kind: Kind, title: string, what: string, remove = deleteGroup): Operation =>
  changing({
    title,
    parameters: nothing,
    need: "layout",
    what,
    apply: (storage, _make, _wish, call) => remove(storage, groupAt(kind, storage, call)),
    answer: gone,
  });
export const shown = (kind: Kind) => (storage: Storage, group: Group) => ({ json: kind.render(storage, group) });

export const members = {
  add_block_devices: devices("to add"),
  remove_block_devices: devices("to take out"),
  add_partitions: parts("to add"),
  remove_partitions: parts("to take out"),
};
type Lists = Record<keyof typeof members, string[]>;
export const added = (storage: Storage, wish: Lists): Place[] =>
  places(storage, "add_block_devices", wish.add_block_devices, "add_partitions", wish.add_partitions);
export const removed = (storage: Storage, wish: Lists): Place[] =>
  places(storage, "remove_block_devices", wish.remove_block_devices, "remove_partitions", wish.remove_partitions);

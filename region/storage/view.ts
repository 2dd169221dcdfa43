import type { MachineStorage } from "@rackwright/contract";
import { usedFor } from "./describe.ts";
import type { BlockDevice, CacheSet, Filesystem, Group, Place, Storage } from "./model.ts";
import {
  bootDisk,
  bootsBy,
  filesystemOf,
  isMember,
  isPhysical,
  madeBy,
  membersOf,
  partitionName,
  partitionsOf,
  placeOf,
} from "./model.ts";
import { availableSize, groupSize, groupUsed } from "./sizes.ts";
import { mountedAt, unsupported } from "./supported.ts";

const filesystemView = ({ id, fstype, label, uuid, mount_point, mount_options }: Filesystem) => ({
  id,
  fstype,
  label,
  uuid,
  mount_point,
  mount_options,
});

function placeView(storage: Storage, place: Place) {
  const filesystem = filesystemOf(storage, place);
  const own = filesystem !== undefined && !isMember(filesystem);
  return { used_for: usedFor(storage, place), filesystem: own ? filesystemView(filesystem) : null };
}

function deviceView(storage: Storage, device: BlockDevice): MachineStorage["devices"][number] {
  const { id, name, size, block_size, model, serial, firmware_version, numa_node, found, group_id, uuid, tags } =
    device;
  return {
    id,
    name,
    kind: isPhysical(device) ? "physical" : "virtual",
    size,
    available: availableSize(storage, device),
    block_size,
    ...placeView(storage, { device, partition: null }),
    tags,
    model,
    serial,
    path: device.id_path,
    firmware_version,
    numa_node,
    found,
    group_id,
    uuid,
    partition_table: device.partition_table,
    partitions: partitionsOf(storage, device).map((partition) => ({
      id: partition.id,
      name: partitionName(device, partition),
      number: partition.number,
      size: partition.size,
      uuid: partition.uuid,
      bootable: partition.bootable,
      ...placeView(storage, { device, partition }),
      tags: partition.tags,
    })),
  };
}

const membersView = (storage: Storage, of: Group | CacheSet) =>
  membersOf(storage, of).map(({ device, partition, filesystem }) => ({
    device_id: device.id,
    partition_id: partition?.id ?? null,
    role: filesystem.fstype,
  }));

function groupView(storage: Storage, group: Group): MachineStorage["groups"][number] {
  const { id, kind, name, uuid, cache_mode, cache_set_id } = group;
  const size = groupSize(storage, group);
  return {
    id,
    kind,
    name,
    uuid,
    size,
    available: kind === "lvm" ? size - groupUsed(storage, group) : 0,
    members: membersView(storage, group),
    devices: madeBy(storage, group).map((device) => device.id),
    cache_mode,
    cache_set_id,
  };
}

/** A machine's storage as the API shows it. */
export function storageView(storage: Storage): MachineStorage {
  const special = storage.filesystems.filter((one) => !isMember(one) && placeOf(storage, one) === null);
  const root = mountedAt(storage, "/") === null ? ["no filesystem is mounted at /"] : [];
  return {
    machine_id: storage.machineId,
    boot_disk_id: bootDisk(storage)?.id ?? null,
    devices: storage.devices.map((device) => deviceView(storage, device)),
    groups: storage.groups.map((group) => groupView(storage, group)),
    cache_sets: storage.cacheSets.map((set) => ({ id: set.id, name: set.name, members: membersView(storage, set) })),
    special_filesystems: special.map(filesystemView),
    unsupported: [...root, ...unsupported(storage, bootsBy(storage))],
  };
}

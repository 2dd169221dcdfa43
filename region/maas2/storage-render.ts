import type { BlockDevice, CacheSet, Filesystem, Group, Partition, Place, Storage } from "../storage/index.ts";
import {
  filesystemOf,
  groupSize,
  groupUsed,
  humanSize,
  isMember,
  isPhysical,
  madeBy,
  membersOf,
  partitionName,
  partitionsOf,
  placeOf,
  usedFor,
  usedSize,
} from "../storage/index.ts";

const nodes = "/MAAS/api/2.0/nodes";

export type RenderedFilesystem = {
  fstype: string;
  label: string | null;
  uuid: string;
  mount_point: string | null;
  mount_options: string | null;
};

function renderFilesystem(filesystem: Filesystem | undefined): RenderedFilesystem | null {
  if (filesystem === undefined) return null;
  const { fstype, label, uuid, mount_point, mount_options } = filesystem;
  return { fstype, label, uuid, mount_point, mount_options };
}

/** A partition as MAAS renders it. */
export function renderPartition(storage: Storage, device: BlockDevice, partition: Partition) {
  const place = { device, partition };
  return {
    system_id: storage.machineId,
    device_id: device.id,
    id: partition.id,
    uuid: partition.uuid,
    path: `/dev/disk/by-dname/${partitionName(device, partition)}`,
    type: "partition",
    size: partition.size,
    bootable: partition.bootable,
    filesystem: renderFilesystem(filesystemOf(storage, place)),
    used_for: usedFor(storage, place),
    tags: partition.tags,
    resource_uri: `${nodes}/${storage.machineId}/blockdevices/${device.id}/partition/${partition.id}`,
  };
}

/** A block device as MAAS renders it, with its partitions. */
export function renderDevice(storage: Storage, device: BlockDevice) {
  const physical = isPhysical(device);
  // What a disk does not say is an empty text, and only of a virtual device nothing: programs compare.
  const said = (word: string | null): string | null => (physical ? (word ?? "") : word);
  const place = { device, partition: null };
  const used_size = usedSize(storage, device);
  return {
    system_id: storage.machineId,
    id: device.id,
    available_size: device.size - used_size,
    used_size,
    used_for: usedFor(storage, place),
    filesystem: renderFilesystem(filesystemOf(storage, place)),
    partitions: partitionsOf(storage, device).map((partition) => renderPartition(storage, device, partition)),
    resource_uri: `${nodes}/${storage.machineId}/blockdevices/${device.id}/`,
    name: device.name,
    uuid: device.uuid,
    type: physical ? "physical" : "virtual",
    path: `/dev/disk/by-dname/${device.name}`,
    model: said(device.model),
    serial: said(device.serial),
    id_path: device.id_path,
    size: device.size,
    block_size: device.block_size,
    tags: device.tags,
    partition_table_type: device.partition_table,
    firmware_version: device.firmware_version,
    storage_pool: null,
    numa_node: device.numa_node,
  };
}

export type RenderedDevice = ReturnType<typeof renderDevice>;

const renderPlace = (storage: Storage, { device, partition }: Place) =>
  partition === null ? renderDevice(storage, device) : renderPartition(storage, device, partition);

const uri = (storage: Storage, resource: string, id: number): string =>
  `${nodes}/${storage.machineId}/${resource}/${id}/`;

function common(storage: Storage, group: Group, resource: string) {
  const size = groupSize(storage, group);
  const { id, uuid, name } = group;
  const resource_uri = uri(storage, resource, id);
  return { system_id: storage.machineId, id, uuid, name, size, human_size: humanSize(size), resource_uri };
}

const virtualDevice = (storage: Storage, group: Group): RenderedDevice | null => {
  const [device] = madeBy(storage, group);
  return device === undefined ? null : renderDevice(storage, device);
};

/** A volume group with its logical volumes. */
export function renderVolumeGroup(storage: Storage, group: Group) {
  const [size, used] = [groupSize(storage, group), groupUsed(storage, group)];
  return {
    ...common(storage, group, "volume-group"),
    devices: membersOf(storage, group).map((place) => renderPlace(storage, place)),
    available_size: size - used,
    human_available_size: humanSize(size - used),
    used_size: used,
    human_used_size: humanSize(used),
    logical_volumes: madeBy(storage, group).map((device) => renderDevice(storage, device)),
  };
}

/** A RAID with its members and the device it makes. */
export function renderRaid(storage: Storage, group: Group) {
  const members = membersOf(storage, group);
  const of = (fstype: string) =>
    members.filter(({ filesystem }) => filesystem.fstype === fstype).map((place) => renderPlace(storage, place));
  return {
    ...common(storage, group, "raid"),
    level: group.kind,
    devices: of("raid"),
    spare_devices: of("raid-spare"),
    virtual_device: virtualDevice(storage, group),
  };
}

/** A cache set with its device. */
export function renderCacheSet(storage: Storage, set: CacheSet) {
  const [member] = membersOf(storage, set);
  return {
    system_id: storage.machineId,
    id: set.id,
    name: set.name,
    cache_device: member === undefined ? null : renderPlace(storage, member),
    resource_uri: uri(storage, "bcache-cache-set", set.id),
  };
}

/** A bcache with its cache set, its backing device and the device it makes. */
export function renderBcache(storage: Storage, group: Group) {
  const [backing] = membersOf(storage, group);
  const set = storage.cacheSets.find(({ id }) => id === group.cache_set_id);
  return {
    ...common(storage, group, "bcache"),
    cache_set: set === undefined ? null : renderCacheSet(storage, set),
    backing_device: backing === undefined ? null : renderPlace(storage, backing),
    virtual_device: virtualDevice(storage, group),
    cache_mode: group.cache_mode,
  };
}

/** A VMFS datastore; where ESXi mounts it follows from its name. */
export function renderDatastore(storage: Storage, group: Group) {
  const filesystem: RenderedFilesystem = {
    fstype: "vmfs6",
    label: null,
    uuid: group.uuid,
    mount_point: `/vmfs/volumes/${group.name}`,
    mount_options: null,
  };
  return {
    ...common(storage, group, "vmfs-datastore"),
    devices: membersOf(storage, group).map((place) => renderPlace(storage, place)),
    filesystem,
  };
}

/** What a machine object of the MAAS API says of storage beside its devices. */
export function storageFields(storage: Storage) {
  const stub = ({ id }: Group | CacheSet) => ({ system_id: storage.machineId, id, __incomplete__: true as const });
  const raid = ({ kind }: Group): boolean => kind.startsWith("raid-");
  return {
    volume_groups: storage.groups.filter(({ kind }) => kind === "lvm").map(stub),
    raids: storage.groups.filter(raid).map(stub),
    bcaches: storage.groups.filter(({ kind }) => kind === "bcache").map(stub),
    cache_sets: storage.cacheSets.map(stub),
    special_filesystems: storage.filesystems
      .filter((one) => !isMember(one) && placeOf(storage, one) === null)
      .map(({ fstype, label, uuid, mount_point, mount_options }) => ({
        fstype,
        label,
        uuid,
        mount_point,
        mount_options,
      })),
  };
}

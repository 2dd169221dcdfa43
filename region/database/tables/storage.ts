import type { Generated } from "kysely";
import type { Json } from "./columns.ts";

export type GroupKind = "lvm" | "raid-0" | "raid-1" | "raid-5" | "raid-6" | "raid-10" | "bcache" | "vmfs6";
export type CacheMode = "writeback" | "writethrough" | "writearound";

export interface StorageCacheSetsTable {
  id: Generated<number>;
  machine_id: string;
  name: string;
}

export interface StorageGroupsTable {
  id: Generated<number>;
  machine_id: string;
  kind: GroupKind;
  name: string;
  uuid: string;
  cache_mode: CacheMode | null;
  cache_set_id: number | null;
}

export interface BlockDevicesTable {
  id: Generated<number>;
  machine_id: string;
  name: string;
  size: number;
  block_size: number;
  tags: Generated<string[]>;
  partition_table: "GPT" | "MBR" | null;
  model: string | null;
  serial: string | null;
  id_path: string | null;
  firmware_version: string | null;
  numa_node: number | null;
  found: Generated<boolean>;
  group_id: number | null;
  uuid: string | null;
}

export interface PartitionsTable {
  id: Generated<number>;
  machine_id: string;
  device_id: number;
  number: number;
  size: number;
  uuid: string;
  bootable: boolean;
  tags: Generated<string[]>;
}

export interface FilesystemsTable {
  id: Generated<number>;
  machine_id: string;
  device_id: number | null;
  partition_id: number | null;
  fstype: string;
  label: string | null;
  uuid: string;
  mount_point: string | null;
  mount_options: string | null;
  group_id: number | null;
  cache_set_id: number | null;
}

export interface MachineStorageTable {
  machine_id: string;
  boot_disk_id: number | null;
  keep: Generated<boolean>;
  custom: Json<unknown> | null;
  unowned: Json<unknown> | null;
}

/** Disks of machines as lists show them; made anew where there is none. */
export interface StorageTextsTable {
  machine_id: string;
  form: number;
  text: string;
}

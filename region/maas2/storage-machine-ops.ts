import { z } from "zod";
import {
  type Maker,
  type Storage,
  changeStorage,
  layoutNames,
  mountSpecial,
  restoreLayout,
  setLayout,
  specialTypes,
  unmountSpecial,
} from "../storage/index.ts";
import { given } from "./common.ts";
import { byCaller, machineAction } from "./machine-call.ts";
import type { Call, Operation } from "./operation.ts";
import { choice, flag, integer, text } from "./parameters.ts";
import { nothing } from "./storage-common.ts";
import { cacheMode } from "./storage-arrays.ts";
import { share } from "./storage-parameters.ts";

const layout = z.object({
  storage_layout: choice("The layout that takes the place of what is configured.", layoutNames),
  boot_size: share("Size of /boot, at least 512 MiB.").optional(),
  root_size: share("Size of the root partition, at least 3 GiB; by default the rest of the disk.").optional(),
  root_device: integer("Id of the physical block device for the root; by default the boot disk.").optional(),
  vg_name: text("Name of the volume group; by default vgroot.").optional(),
  lv_name: text("Name of the logical volume; by default lvroot.").optional(),
  lv_size: share("Size of the logical volume, at least 3 GiB; by default the whole group.").optional(),
  cache_device: integer(
    "Id of the block device that caches; by default the smallest other with the tag ssd.",
  ).optional(),
  cache_mode: cacheMode.optional(),
  cache_size: share("Size of the cache partition; by default the whole device.").optional(),
  cache_no_part: flag("Whether the whole device caches, without a partition.").optional(),
});

const mounting = z.object({
  fstype: choice("Type of the filesystem, which is in memory.", specialTypes),
  mount_point: text("Path in the installed system."),
  mount_options: text("Options as in fstab.").optional(),
});

/** Changes filesystems in memory, which the owner of an allocated machine may too. */
const special = (call: Call, machineId: string, what: string, apply: (storage: Storage, make: Maker) => void) =>
  changeStorage(call.db, { machineId, ...byCaller(call), need: "filesystem", what, apply });

/** What of storage is asked of a machine as a whole. */
export const storageMachineOperations = {
  "POST set_storage_layout": machineAction(
    "Replaces a machine's storage configuration by a layout.",
    "admin",
    layout,
    (call, { id: machineId }, { storage_layout, ...wish }) =>
      setLayout(call.db, { machineId, ...byCaller(call) }, storage_layout, given(wish)),
    { access: "admin" },
  ),
  "POST mount_special": machineAction(
    "Mounts a filesystem that is in memory.",
    "edit",
    mounting,
    async (call, { id }, wish) => {
      await special(call, id, `mounted ${wish.fstype}`, (storage, make) => mountSpecial(storage, make, wish));
    },
  ),
  "POST unmount_special": machineAction(
    "Unmounts a filesystem that is in memory.",
    "edit",
    z.object({ mount_point: mounting.shape.mount_point }),
    async (call, { id }, { mount_point }) => {
      await special(call, id, "unmounted a filesystem in memory", (storage) => unmountSpecial(storage, mount_point));
    },
  ),
  "POST restore_storage_configuration": machineAction(
    "Configures a machine's storage as its commissioning did.",
    "admin",
    nothing,
    (call, { id: machineId }) => restoreLayout(call.db, { machineId, ...byCaller(call) }),
    { access: "admin" },
  ),
} as const satisfies Record<string, Operation>;

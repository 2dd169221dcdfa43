import { z } from "zod";
import {
  type BlockDevice,
  type Place,
  type Storage,
  addPartition,
  createDisk,
  deleteDevice,
  deletePartition,
  filesystemTypes,
  findDevice,
  findPartition,
  findPlace,
  format,
  mount,
  partitionsOf,
  requireTag,
  setBootDisk,
  unformat,
  unmount,
  updateDevice,
} from "../storage/index.ts";
import type { Call, Operation, Resource } from "./operation.ts";
import { choice, flag, integer, text } from "./parameters.ts";
import { at, changing, gone, nothing, of, reading } from "./storage-common.ts";
import { bytes } from "./storage-parameters.ts";
import { renderDevice, renderPartition } from "./storage-render.ts";

const emptyIsNull = (given: string | undefined): string | null | undefined => (given === "" ? null : given);

const disk = {
  name: text("Name of the device, such as sda."),
  model: text("Model of the disk.").optional(),
  serial: text("Serial number of the disk.").optional(),
  id_path: text("A path below /dev that stays the same, where there is no model and serial number.").optional(),
  size: bytes("Size in bytes."),
  block_size: bytes("Block size in bytes."),
  numa_node: integer("NUMA node the disk is attached to.").optional(),
};
const creation = z.object(disk);
const change = z.object({
  ...disk,
  name: disk.name.optional(),
  size: disk.size.optional(),
  block_size: disk.block_size.optional(),
  uuid: text("UUID, of a virtual device.").optional(),
  partition_table_type: choice("Partition table of a device without partitions.", ["MBR", "GPT"]).optional(),
});
const formatting = z.object({
  fstype: choice("Type of the filesystem.", filesystemTypes),
  uuid: text("UUID of the filesystem.").optional(),
  label: text("Label of the filesystem.").optional(),
});
const mounting = z.object({
  mount_point: text("Path in the installed system."),
  mount_options: text("Options as in fstab.").optional(),
});
const tagging = z.object({ tag: text("The tag.") });

const deviceAt = (storage: Storage, call: Call): BlockDevice =>
  of("BlockDevice", () => findDevice(storage, at(call, "id")));
const partitionAt = (storage: Storage, call: Call) => {
  const device = of("BlockDevice", () => findDevice(storage, at(call, "device_id")));
  return of("Partition", () => findPartition(storage, device, at(call, "id")));
};

/** Devices and partitions are formatted, mounted and tagged alike. */
function placeOperations(kind: "block device" | "partition"): Record<string, Operation> {
  const whole = kind === "block device";
  const place = (storage: Storage, call: Call): Place =>
    whole ? { device: deviceAt(storage, call), partition: null } : partitionAt(storage, call);
  const shown = (storage: Storage, { device, partition }: Place) => ({
    json: partition === null ? renderDevice(storage, device) : renderPartition(storage, device, partition),
  });
  const filesystem = { need: "filesystem", access: "user", answer: shown } as const;
  const label = { need: whole ? "layout" : "label", parameters: tagging, answer: shown } as const;
  return {
    "POST format": changing({
      ...filesystem,
      title: `Puts a filesystem on a ${kind}.`,
      what: `formatted a ${kind}`,
      parameters: formatting,
      apply: (storage, make, wish, call) => {
        const target = place(storage, call);
        format(storage, make, target, wish);
        return target;
      },
    }),
    "POST unformat": changing({
      ...filesystem,
      title: `Takes the filesystem off a ${kind}.`,
      what: `unformatted a ${kind}`,
      parameters: nothing,
      apply: (storage, _make, _wish, call) => {
        const target = place(storage, call);
        unformat(storage, target);
        return target;
      },
    }),
    "POST mount": changing({
      ...filesystem,
      title: `Mounts the filesystem of a ${kind} in the installed system.`,
      what: `mounted a ${kind}`,
      parameters: mounting,
      apply: (storage, _make, wish, call) => {
        const target = place(storage, call);
        mount(storage, target, wish);
        return target;
      },
    }),
    "POST unmount": changing({
      ...filesystem,
      title: `Unmounts the filesystem of a ${kind}.`,
      what: `unmounted a ${kind}`,
      parameters: nothing,
      apply: (storage, _make, _wish, call) => {
        const target = place(storage, call);
        unmount(storage, target);
        return target;
      },
    }),
    "POST add_tag": changing({
      ...label,
      title: `Gives a ${kind} a tag.`,
      what: `tagged a ${kind}`,
      apply: (storage, _make, { tag }, call) => {
        requireTag(tag);
        const target = place(storage, call);
        const tagged = target.partition ?? target.device;
        if (!tagged.tags.includes(tag)) tagged.tags = [...tagged.tags, tag];
        return target;
      },
    }),
    "POST remove_tag": changing({
      ...label,
      title: `Takes a tag off a ${kind}.`,
      what: `untagged a ${kind}`,
      apply: (storage, _make, { tag }, call) => {
        const target = place(storage, call);
        const tagged = target.partition ?? target.device;
        tagged.tags = tagged.tags.filter((one) => one !== tag);
        return target;
      },
    }),
  };
}

const blockDevices: Resource = {
  handler: "BlockDevicesHandler",
  path: "nodes/{system_id}/blockdevices/",
  doc: "Block devices of a machine.",
  operations: {
    GET: reading("Lists the block devices of a machine.", (storage) =>
      storage.devices.map((device) => renderDevice(storage, device)),
    ),
    POST: changing({
      title: "Makes a physical block device known.",
      parameters: creation,
      need: "layout",
      what: "made a disk known",
      apply: (storage, make, { model, serial, id_path, numa_node, ...wish }) =>
        createDisk(storage, make, {
          ...wish,
          model: model || null,
          serial: serial || null,
          id_path: id_path || null,
          firmware_version: null,
          numa_node: numa_node ?? 0,
        }),
      answer: (storage, device) => ({ json: renderDevice(storage, device) }),
    }),
  },
};

const blockDevice: Resource = {
  handler: "BlockDeviceHandler",
  path: "nodes/{system_id}/blockdevices/{id}/",
  doc: "A block device of a machine, by id or name.",
  operations: {
    GET: reading("Reads a block device.", (storage, call) => renderDevice(storage, deviceAt(storage, call))),
    PUT: changing({
      title: "Changes a block device.",
      parameters: change,
      need: "disk",
      what: "changed a block device",
      apply: (storage, _make, { partition_table_type, model, serial, id_path, ...wish }, call, machine) => {
        const device = deviceAt(storage, call);
        const words = { model: emptyIsNull(model), serial: emptyIsNull(serial), id_path: emptyIsNull(id_path) };
        const given = Object.entries({ ...wish, ...words }).filter(([, value]) => value !== undefined);
        const changes = { ...Object.fromEntries(given), partition_table: partition_table_type };
        updateDevice(storage, device, changes, machine.status === "deployed");
        return device;
      },
      answer: (storage, device) => ({ json: renderDevice(storage, device) }),
    }),
    DELETE: changing({
      title: "Deletes a block device.",
      parameters: nothing,
      need: "layout",
      what: "deleted a block device",
      apply: (storage, _make, _wish, call) => deleteDevice(storage, deviceAt(storage, call)),
      answer: gone,
    }),
    ...placeOperations("block device"),
    "POST set_boot_disk": changing({
      title: "Makes the machine boot from a block device.",
      parameters: nothing,
      need: "layout",
      what: "chose the boot disk",
      apply: (storage, _make, _wish, call) => setBootDisk(storage, deviceAt(storage, call)),
      answer: () => ({ text: "OK" }),
    }),
  },
};

const partitions: Resource = {
  handler: "PartitionsHandler",
  path: "nodes/{system_id}/blockdevices/{device_id}/partitions/",
  doc: "Partitions of a block device.",
  operations: {
    GET: reading("Lists the partitions of a block device.", (storage, call) => {
      const { device } = of("BlockDevice", () => findPlace(storage, at(call, "device_id")));
      return partitionsOf(storage, device).map((partition) => renderPartition(storage, device, partition));
    }),
    POST: changing({
      title: "Adds a partition to a block device.",
      parameters: z.object({
        size: bytes("Size in bytes, rounded down to 4 MiB; by default all that is free.").optional(),
        uuid: text("UUID of the partition.").optional(),
        bootable: flag("Whether it is marked as bootable.").optional(),
      }),
      need: "layout",
      what: "added a partition",
      apply: (storage, make, wish, call) => {
        const { device } = of("BlockDevice", () => findPlace(storage, at(call, "device_id")));
        return { device, partition: addPartition(storage, make, device, wish) };
      },
      answer: (storage, { device, partition }) => ({ json: renderPartition(storage, device, partition) }),
    }),
  },
};

const partition: Resource = {
  handler: "PartitionHandler",
  path: "nodes/{system_id}/blockdevices/{device_id}/partition/{id}",
  aliases: ["nodes/{system_id}/blockdevices/{device_id}/partitions/{id}"],
  doc: "A partition of a block device, by id or name.",
  operations: {
    GET: reading("Reads a partition.", (storage, call) => {
      const found = partitionAt(storage, call);
      return renderPartition(storage, found.device, found.partition);
    }),
    DELETE: changing({
      title: "Deletes a partition.",
      parameters: nothing,
      need: "layout",
      what: "deleted a partition",
      apply: (storage, _make, _wish, call) => {
        const found = partitionAt(storage, call);
        deletePartition(storage, found.device, found.partition);
      },
      answer: gone,
    }),
    ...placeOperations("partition"),
  },
};

/** Block devices and partitions of machines. */
export const storageDeviceResources: readonly Resource[] = [blockDevices, blockDevice, partitions, partition];

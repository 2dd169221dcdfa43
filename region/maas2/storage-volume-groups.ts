import { z } from "zod";
import { InputError } from "../errors.ts";
import {
  type BlockDevice,
  createDatastore,
  createLogicalVolume,
  createVolumeGroup,
  deleteLogicalVolume,
  deleteVolumeGroup,
  partitionsNamed,
  updateDatastore,
  updateVolumeGroup,
} from "../storage/index.ts";
import type { Resource } from "./operation.ts";
import { text } from "./parameters.ts";
import { changing, gone } from "./storage-common.ts";
import {
  added,
  deleting,
  devices,
  groupAt,
  kinds,
  listed,
  members,
  name,
  parts,
  places,
  read,
  removed,
  shown,
  uuid,
} from "./storage-kinds.ts";
import { bytes } from "./storage-parameters.ts";
import { renderDevice } from "./storage-render.ts";

const volumeGroups: Resource = {
  handler: "VolumeGroupsHandler",
  path: "nodes/{system_id}/volume-groups/",
  doc: "Volume groups (LVM) of a machine.",
  operations: {
    GET: listed(kinds.lvm, "Lists the volume groups of a machine."),
    POST: changing({
      title: "Makes a volume group.",
      parameters: z.object({ name, uuid, block_devices: devices("its members"), partitions: parts("its members") }),
      need: "layout",
      what: "made a volume group",
      apply: (storage, make, wish) =>
        createVolumeGroup(storage, make, {
          ...wish,
          members: places(storage, "block_devices", wish.block_devices, "partitions", wish.partitions),
        }),
      answer: shown(kinds.lvm),
    }),
  },
};

const volumeGroup: Resource = {
  handler: "VolumeGroupHandler",
  path: "nodes/{system_id}/volume-group/{id}/",
  aliases: ["nodes/{system_id}/volume-groups/{id}/"],
  doc: "A volume group (LVM) of a machine.",
  operations: {
    GET: read(kinds.lvm, "Reads a volume group."),
    PUT: changing({
      title: "Changes a volume group.",
      parameters: z.object({ name: name.optional(), uuid, ...members }),
      need: "layout",
      what: "changed a volume group",
      apply: (storage, make, wish, call) => {
        const group = groupAt(kinds.lvm, storage, call);
        const { name: given, uuid: id } = wish;
        updateVolumeGroup(storage, make, group, {
          name: given,
          uuid: id,
          add: added(storage, wish),
          remove: removed(storage, wish),
        });
        return group;
      },
      answer: shown(kinds.lvm),
    }),
    DELETE: deleting(kinds.lvm, "Deletes a volume group.", "deleted a volume group", deleteVolumeGroup),
    "POST create_logical_volume": changing({
      title: "Makes a logical volume.",
      parameters: z.object({
        name,
        uuid,
        size: bytes("Size in bytes, rounded down to 4 MiB; by default all that is free.").optional(),
      }),
      need: "layout",
      what: "made a logical volume",
      apply: (storage, make, wish, call): BlockDevice =>
        createLogicalVolume(storage, make, groupAt(kinds.lvm, storage, call), wish),
      answer: (storage, device) => ({ json: renderDevice(storage, device) }),
    }),
    "POST delete_logical_volume": changing({
      title: "Deletes a logical volume.",
      parameters: z.object({ id: text("Id or name of the logical volume's block device.") }),
      need: "layout",
      what: "deleted a logical volume",
      apply: (storage, _make, { id }, call) => {
        const group = groupAt(kinds.lvm, storage, call);
        const volume = storage.devices.find(
          (one) => one.group_id === group.id && (String(one.id) === id || one.name === id),
        );
        if (volume === undefined)
          throw InputError.field("id", id, `must be the id of a logical volume of ${group.name}`);
        deleteLogicalVolume(storage, volume);
      },
      answer: gone,
    }),
  },
};

const datastores: Resource = {
  handler: "VmfsDatastoresHandler",
  path: "nodes/{system_id}/vmfs-datastores/",
  doc: "VMFS datastores of a machine.",
  operations: {
    GET: listed(kinds.vmfs6, "Lists the VMFS datastores of a machine."),
    POST: changing({
      title: "Makes a VMFS datastore.",
      parameters: z.object({ name, uuid, block_devices: devices("its extents"), partitions: parts("its extents") }),
      need: "layout",
      what: "made a VMFS datastore",
      apply: (storage, make, wish) =>
        createDatastore(storage, make, {
          ...wish,
          members: places(storage, "block_devices", wish.block_devices, "partitions", wish.partitions),
        }),
      answer: shown(kinds.vmfs6),
    }),
  },
};

const datastore: Resource = {
  handler: "VmfsDatastoreHandler",
  path: "nodes/{system_id}/vmfs-datastore/{id}/",
  doc: "A VMFS datastore of a machine.",
  operations: {
    GET: read(kinds.vmfs6, "Reads a VMFS datastore."),
    PUT: changing({
      title: "Changes a VMFS datastore.",
      parameters: z.object({
        name: name.optional(),
        uuid,
        add_block_devices: members.add_block_devices,
        add_partitions: members.add_partitions,
        remove_partitions: members.remove_partitions,
      }),
      need: "layout",
      what: "changed a VMFS datastore",
      apply: (storage, make, wish, call) => {
        const group = groupAt(kinds.vmfs6, storage, call);
        const { name: given, uuid: id } = wish;
        updateDatastore(storage, make, group, {
          name: given,
          uuid: id,
          add: places(storage, "add_block_devices", wish.add_block_devices, "add_partitions", wish.add_partitions),
          remove: partitionsNamed(storage, "remove_partitions", wish.remove_partitions),
        });
        return group;
      },
      answer: shown(kinds.vmfs6),
    }),
    DELETE: deleting(kinds.vmfs6, "Deletes a VMFS datastore.", "deleted a VMFS datastore"),
  },
};

/** Volume groups and VMFS datastores of machines. */
export const storageVolumeResources: readonly Resource[] = [volumeGroups, volumeGroup, datastores, datastore];

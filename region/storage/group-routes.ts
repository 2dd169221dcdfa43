import {
  machineStorage,
  storageCacheSetRequest,
  storageGroupRequest,
  storageGroupUpdate,
  storageVolumeRequest,
  systemId,
} from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { devicesNamed, familyOf, findCacheSet, partitionsNamed } from "./find.ts";
import {
  createBcache,
  createCacheSet,
  createDatastore,
  createLogicalVolume,
  createRaid,
  createVolumeGroup,
  deleteCacheSet,
  deleteVolumeGroup,
  updateBcache,
  updateDatastore,
  updateRaid,
  updateVolumeGroup,
} from "./groups.ts";
import { deleteGroup } from "./members.ts";
import type { Group, Maker, Place, Storage } from "./model.ts";
import type { Change } from "./routes.ts";
import { NotFound } from "../errors.ts";

const tags = ["storage"];
const base = "/api/v1/machines/:id/storage";
const params = z.object({ id: systemId });
const number = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const ofGroup = params.extend({ group: number });
const ofSet = params.extend({ set: number });
const response = { 200: machineStorage };

type Lists = { devices: number[]; partitions: number[] };

const places = (storage: Storage, lists: Lists | undefined, prefix = ""): Place[] => [
  ...devicesNamed(storage, `${prefix}devices`, lists?.devices ?? []),
  ...partitionsNamed(storage, `${prefix}partitions`, lists?.partitions ?? []),
];

/** The only place of lists that may name one. @throws InputError */
function onlyPlace(storage: Storage, lists: Lists | undefined): Place {
  const [place, ...more] = places(storage, lists);
  if (place === undefined || more.length > 0)
    throw InputError.field("devices", lists?.devices, "must name one device, or 'partitions' one partition");
  return place;
}

function findGroup(storage: Storage, id: number): Group {
  const group = storage.groups.find((one) => one.id === id);
  if (group === undefined)
    throw new NotFound(`There is no group ${id} on machine ${storage.machineId}.`, {
      next: "Read the machine's storage to see what there is.",
    });
  return group;
}

function createGroup(storage: Storage, make: Maker, wish: z.output<typeof storageGroupRequest>): void {
  if (wish.kind === "bcache") {
    const set = findCacheSet(storage, wish.cache_set_id);
    createBcache(storage, make, { ...wish, set, backing: onlyPlace(storage, wish), mode: wish.cache_mode });
    return;
  }
  const members = places(storage, wish);
  if (wish.kind === "lvm") createVolumeGroup(storage, make, { ...wish, members });
  else if (wish.kind === "vmfs6") createDatastore(storage, make, { ...wish, members });
  else
    createRaid(storage, make, { ...wish, level: wish.kind, members, spares: places(storage, wish.spares, "spares.") });
}

function updateGroup(storage: Storage, make: Maker, group: Group, wish: z.output<typeof storageGroupUpdate>): void {
  const { name, uuid } = wish;
  const lists = { name, uuid, add: places(storage, wish.add, "add."), remove: places(storage, wish.remove, "remove.") };
  const family = familyOf(group);
  if (family === "lvm") updateVolumeGroup(storage, make, group, lists);
  else if (family === "vmfs6") updateDatastore(storage, make, group, lists);
  else if (family === "raid") {
    const addSpares = places(storage, wish.add_spares, "add_spares.");
    updateRaid(storage, make, group, { ...lists, addSpares, removeSpares: [] });
  } else
    updateBcache(storage, make, group, {
      name,
      uuid,
      ...(wish.cache_mode && { mode: wish.cache_mode }),
      ...(wish.cache_set_id !== undefined && { set: findCacheSet(storage, wish.cache_set_id) }),
      ...(wish.add && { backing: onlyPlace(storage, wish.add) }),
    });
}

/** Routes of what is made of several devices: volume groups, RAIDs, bcaches with their cache sets, datastores. */
export function registerGroupRoutes(routes: App, change: Change): void {
  routes.post(
    `${base}/groups`,
    {
      schema: {
        tags,
        summary: "Make a volume group, RAID, bcache or VMFS datastore",
        params,
        body: storageGroupRequest,
        response,
      },
    },
    (incoming) =>
      change(incoming, incoming.params.id, `made a ${incoming.body.kind} group`, (storage, make) =>
        createGroup(storage, make, incoming.body),
      ),
  );
  routes.patch(
    `${base}/groups/:group`,
    {
      schema: { tags, summary: "Change what a group is made of", params: ofGroup, body: storageGroupUpdate, response },
    },
    (incoming) =>
      change(incoming, incoming.params.id, "changed a group", (storage, make) =>
        updateGroup(storage, make, findGroup(storage, incoming.params.group), incoming.body),
      ),
  );
  routes.delete(
    `${base}/groups/:group`,
    { schema: { tags, summary: "Delete a group, with the device an array makes", params: ofGroup, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "deleted a group", (storage) => {
        const group = findGroup(storage, incoming.params.group);
        if (group.kind === "lvm") deleteVolumeGroup(storage, group);
        else deleteGroup(storage, group);
      }),
  );
  routes.post(
    `${base}/groups/:group/volumes`,
    { schema: { tags, summary: "Make a logical volume", params: ofGroup, body: storageVolumeRequest, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "made a logical volume", (storage, make) => {
        const group = findGroup(storage, incoming.params.group);
        if (group.kind !== "lvm") throw new InputError(`${group.name} is no volume group.`);
        createLogicalVolume(storage, make, group, incoming.body);
      }),
  );
  routes.post(
    `${base}/cache-sets`,
    {
      schema: {
        tags,
        summary: "Make a cache set of one device or partition",
        params,
        body: storageCacheSetRequest,
        response,
      },
    },
    (incoming) =>
      change(
        incoming,
        incoming.params.id,
        "made a cache set",
        (storage, make) => void createCacheSet(storage, make, onlyPlace(storage, incoming.body)),
      ),
  );
  routes.delete(
    `${base}/cache-sets/:set`,
    { schema: { tags, summary: "Delete a cache set that no bcache uses", params: ofSet, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "deleted a cache set", (storage) =>
        deleteCacheSet(storage, findCacheSet(storage, incoming.params.set)),
      ),
  );
}

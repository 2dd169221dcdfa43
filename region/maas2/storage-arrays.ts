import { z } from "zod";
import { InputError, NotFound } from "../errors.ts";
import {
  type CacheSet,
  type Place,
  type Storage,
  createBcache,
  createCacheSet,
  createRaid,
  deleteCacheSet,
  devicesNamed,
  findCacheSet,
  partitionsNamed,
  raidLevels,
  updateBcache,
  updateCacheSet,
  updateRaid,
} from "../storage/index.ts";
import type { Call, Resource } from "./operation.ts";
import { choice, text } from "./parameters.ts";
import { at, changing, gone, nothing, of, reading } from "./storage-common.ts";
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
import { renderCacheSet } from "./storage-render.ts";

const raids: Resource = {
  handler: "RaidsHandler",
  path: "nodes/{system_id}/raids/",
  doc: "Software RAIDs (MD) of a machine.",
  operations: {
    GET: listed(kinds.raid, "Lists the RAIDs of a machine."),
    POST: changing({
      title: "Makes a RAID.",
      parameters: z.object({
        name: name.optional(),
        uuid,
        level: choice("Its level.", raidLevels),
        block_devices: devices("its active members"),
        spare_devices: devices("its spares"),
        partitions: parts("its active members"),
        spare_partitions: parts("its spares"),
      }),
      need: "layout",
      what: "made a RAID",
      apply: (storage, make, wish) =>
        createRaid(storage, make, {
          ...wish,
          members: places(storage, "block_devices", wish.block_devices, "partitions", wish.partitions),
          spares: places(storage, "spare_devices", wish.spare_devices, "spare_partitions", wish.spare_partitions),
        }),
      answer: shown(kinds.raid),
    }),
  },
};

const raid: Resource = {
  handler: "RaidHandler",
  path: "nodes/{system_id}/raid/{id}/",
  doc: "A software RAID (MD) of a machine.",
  operations: {
    GET: read(kinds.raid, "Reads a RAID."),
    PUT: changing({
      title: "Changes a RAID.",
      parameters: z.object({
        name: name.optional(),
        uuid,
        ...members,
        add_spare_devices: devices("to add as spares"),
        remove_spare_devices: devices("spares to take out"),
        add_spare_partitions: parts("to add as spares"),
        remove_spare_partitions: parts("spares to take out"),
      }),
      need: "layout",
      what: "changed a RAID",
      apply: (storage, make, wish, call) => {
        const group = groupAt(kinds.raid, storage, call);
        updateRaid(storage, make, group, {
          name: wish.name,
          uuid: wish.uuid,
          add: added(storage, wish),
          remove: removed(storage, wish),
          addSpares: places(
            storage,
            "add_spare_devices",
            wish.add_spare_devices,
            "add_spare_partitions",
            wish.add_spare_partitions,
          ),
          removeSpares: places(
            storage,
            "remove_spare_devices",
            wish.remove_spare_devices,
            "remove_spare_partitions",
            wish.remove_spare_partitions,
          ),
        });
        return group;
      },
      answer: shown(kinds.raid),
    }),
    DELETE: deleting(kinds.raid, "Deletes a RAID.", "deleted a RAID"),
  },
};

const cacheModes = ["writeback", "writethrough", "writearound"] as const;
/** How a bcache writes, in any case. */
export const cacheMode = z
  .string()
  .toLowerCase()
  .pipe(z.enum(cacheModes, `must be one of ${cacheModes.join(", ")}`))
  .describe("How writes are cached.")
  .meta({ type: "String" });

/** One of a device and a partition, by id or name; undefined where neither is named. */
function either(
  storage: Storage,
  fields: readonly [device: string, partition: string],
  [device, partition]: readonly [string | undefined, string | undefined],
): Place | undefined {
  const named = [device, partition].filter((one) => one !== undefined && one !== "");
  if (named.length > 1) throw InputError.field(fields[1], partition, `cannot be given together with ${fields[0]}`);
  if (device !== undefined && device !== "") return devicesNamed(storage, fields[0], [device])[0];
  return partition === undefined || partition === "" ? undefined : partitionsNamed(storage, fields[1], [partition])[0];
}

/** The cache set named in a field. */
function cacheSetNamed(storage: Storage, given: string): CacheSet {
  try {
    return findCacheSet(storage, given);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw InputError.field("cache_set", given, "must name a cache set of this machine by id or name");
  }
}

const backing = ["backing_device", "backing_partition"] as const;
const bcacheFields = {
  name: name.optional(),
  uuid,
  backing_device: text("Block device it caches, by id or name.").optional(),
  backing_partition: text("Partition it caches, by id or name.").optional(),
};

const bcaches: Resource = {
  handler: "BcachesHandler",
  path: "nodes/{system_id}/bcaches/",
  doc: "Bcache devices of a machine.",
  operations: {
    GET: listed(kinds.bcache, "Lists the bcache devices of a machine."),
    POST: changing({
      title: "Makes a bcache device.",
      parameters: z.object({
        ...bcacheFields,
        cache_set: text("Its cache set, by id or name."),
        cache_mode: cacheMode,
      }),
      need: "layout",
      what: "made a bcache",
      apply: (storage, make, wish) => {
        const place = either(storage, backing, [wish.backing_device, wish.backing_partition]);
        if (place === undefined) throw new InputError("Either backing_device or backing_partition must be given.");
        const set = cacheSetNamed(storage, wish.cache_set);
        return createBcache(storage, make, {
          name: wish.name,
          uuid: wish.uuid,
          set,
          backing: place,
          mode: wish.cache_mode,
        });
      },
      answer: shown(kinds.bcache),
    }),
  },
};

const bcache: Resource = {
  handler: "BcacheHandler",
  path: "nodes/{system_id}/bcache/{id}/",
  doc: "A bcache device of a machine.",
  operations: {
    GET: read(kinds.bcache, "Reads a bcache device."),
    PUT: changing({
      title: "Changes a bcache device.",
      parameters: z.object({
        ...bcacheFields,
        cache_set: text("Its cache set, by id or name.").optional(),
        cache_mode: cacheMode.optional(),
      }),
      need: "layout",
      what: "changed a bcache",
      apply: (storage, make, wish, call) => {
        const group = groupAt(kinds.bcache, storage, call);
        const place = either(storage, backing, [wish.backing_device, wish.backing_partition]);
        updateBcache(storage, make, group, {
          name: wish.name,
          uuid: wish.uuid,
          ...(wish.cache_mode && { mode: wish.cache_mode }),
          ...(wish.cache_set !== undefined && { set: cacheSetNamed(storage, wish.cache_set) }),
          ...(place && { backing: place }),
        });
        return group;
      },
      answer: shown(kinds.bcache),
    }),
    DELETE: deleting(kinds.bcache, "Deletes a bcache device.", "deleted a bcache"),
  },
};

const cache = ["cache_device", "cache_partition"] as const;
const cacheFields = z.object({
  cache_device: text("Block device that caches, by id or name.").optional(),
  cache_partition: text("Partition that caches, by id or name.").optional(),
});
const cacheSetAt = (storage: Storage, call: Call): CacheSet =>
  of("CacheSet", () => findCacheSet(storage, at(call, "id")));
const shownSet = (storage: Storage, set: CacheSet) => ({ json: renderCacheSet(storage, set) });

const cacheSets: Resource = {
  handler: "BcacheCacheSetsHandler",
  path: "nodes/{system_id}/bcache-cache-sets/",
  doc: "Cache sets of bcache devices.",
  operations: {
    GET: reading("Lists the cache sets of a machine.", (storage) =>
      storage.cacheSets.map((set) => renderCacheSet(storage, set)),
    ),
    POST: changing({
      title: "Makes a cache set.",
      parameters: cacheFields,
      need: "layout",
      what: "made a cache set",
      apply: (storage, make, wish) => {
        const place = either(storage, cache, [wish.cache_device, wish.cache_partition]);
        if (place === undefined) throw new InputError("Either cache_device or cache_partition must be given.");
        return createCacheSet(storage, make, place);
      },
      answer: shownSet,
    }),
  },
};

const cacheSet: Resource = {
  handler: "BcacheCacheSetHandler",
  path: "nodes/{system_id}/bcache-cache-set/{id}/",
  doc: "A cache set of bcache devices.",
  operations: {
    GET: reading("Reads a cache set.", (storage, call) => renderCacheSet(storage, cacheSetAt(storage, call))),
    PUT: changing({
      title: "Puts a cache set on another device.",
      parameters: cacheFields,
      need: "layout",
      what: "changed a cache set",
      apply: (storage, make, wish, call) => {
        const set = cacheSetAt(storage, call);
        const place = either(storage, cache, [wish.cache_device, wish.cache_partition]);
        if (place !== undefined) updateCacheSet(storage, make, set, place);
        return set;
      },
      answer: shownSet,
    }),
    DELETE: changing({
      title: "Deletes a cache set that no bcache uses.",
      parameters: nothing,
      need: "layout",
      what: "deleted a cache set",
      apply: (storage, _make, _wish, call) => deleteCacheSet(storage, cacheSetAt(storage, call)),
      answer: gone,
    }),
  },
};

/** RAIDs, bcache devices and cache sets of machines. */
export const storageArrayResources: readonly Resource[] = [raids, raid, bcaches, bcache, cacheSets, cacheSet];

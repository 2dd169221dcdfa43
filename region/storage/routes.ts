import {
  type MachineStorage,
  machineStorage,
  storageDeviceUpdate,
  storageDiskRequest,
  storageFilesystemRequest,
  storageLayoutRequest,
  storagePartitionRequest,
  storageSpecialRequest,
  systemId,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { InputError, NotFound } from "../errors.ts";
import { callerOf } from "../http/auth.ts";
import { fieldFailures } from "../http/problems.ts";
import { type Need, changeStorage, readStorage } from "./change.ts";
import { type CustomLayout, customLayout } from "./custom-layout.ts";
import { createDisk, deleteDevice, setBootDisk, updateDevice } from "./devices.ts";
import { format, mount, mountSpecial, unformat, unmount, unmountSpecial } from "./filesystems.ts";
import { findDevice, findPartition, findPlace } from "./find.ts";
import { registerGroupRoutes } from "./group-routes.ts";
import { restoreLayout, setLayout } from "./layout-change.ts";
import type { SizeWish } from "./layouts.ts";
import { type Maker, type Place, type Storage, filesystemOf, isMember, placeOf } from "./model.ts";
import { requireTag } from "./names.ts";
import { addPartition, deletePartition } from "./partitions.ts";
import { storageView } from "./view.ts";

const tags = ["storage"];
const base = "/api/v1/machines/:id/storage";
const params = z.object({ id: systemId });
const number = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const onDevice = params.extend({ device: number });
const onPartition = onDevice.extend({ partition: number });
const response = { 200: machineStorage };

/** Changes the storage of the machine in the path, and answers it whole. */
export type Change = (
  incoming: FastifyRequest,
  machineId: string,
  what: string,
  apply: (storage: Storage, make: Maker, status: string) => void,
  need?: Need,
) => Promise<MachineStorage>;

const sizeWish = (given: number | string | undefined): SizeWish | undefined =>
  typeof given === "string"
    ? { percent: Number.parseFloat(given) }
    : given === undefined
      ? undefined
      : { bytes: given };

/** The document of a custom layout. @throws InputError with one failure a field */
function readCustom(custom: unknown): CustomLayout {
  const result = customLayout.safeParse(custom);
  if (result.success) return result.data;
  const failures = fieldFailures(result.error, custom).slice(0, 100);
  const told = failures.map((failure) => ({ ...failure, field: `custom.${failure.field}` }));
  throw new InputError("custom is no layout", { failures: told });
}

/** Routes of a machine's storage: read it whole, lay it out, and change it part by part. */
export function registerStorageRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const change: Change = async (incoming, machineId, what, apply, need = "layout") => {
    const { storage } = await changeStorage(db, {
      machineId,
      caller: callerOf(incoming),
      now: clock.now(),
      need,
      what,
      apply: (draft, make, { status }) => apply(draft, make, status),
    });
    return storageView(storage);
  };
  const show = async (incoming: FastifyRequest, id: string): Promise<MachineStorage> =>
    storageView((await readStorage(db, id, callerOf(incoming))).storage);
  const by = (incoming: FastifyRequest, machineId: string) => ({
    machineId,
    caller: callerOf(incoming),
    now: clock.now(),
  });

  routes.get(base, { schema: { tags, summary: "How a machine's disks shall be used", params, response } }, (incoming) =>
    show(incoming, incoming.params.id),
  );
  routes.put(
    `${base}/layout`,
    {
      schema: {
        tags,
        summary: "Replace the whole storage configuration by a layout",
        params,
        body: storageLayoutRequest,
        response,
      },
    },
    async (incoming) => {
      const { layout, custom, boot_size, root_size, lv_size, cache_size, ...wish } = incoming.body;
      const sizes = {
        boot_size: sizeWish(boot_size),
        root_size: sizeWish(root_size),
        lv_size: sizeWish(lv_size),
        cache_size: sizeWish(cache_size),
      };
      const document = custom === undefined ? undefined : readCustom(custom);
      const { id } = incoming.params;
      await setLayout(db, by(incoming, id), layout, { ...wish, ...sizes }, document);
      return show(incoming, id);
    },
  );
  routes.post(
    `${base}/restore`,
    { schema: { tags, summary: "Lay the disks out again as commissioning did", params, response } },
    async (incoming) => {
      const { id } = incoming.params;
      await restoreLayout(db, by(incoming, id));
      return show(incoming, id);
    },
  );

  routes.post(
    `${base}/devices`,
    { schema: { tags, summary: "Make a disk known", params, body: storageDiskRequest, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "made a disk known", (storage, make) => {
        const { path: id_path, ...disk } = incoming.body;
        createDisk(storage, make, { ...disk, id_path, firmware_version: null });
      }),
  );
  routes.patch(
    `${base}/devices/:device`,
    { schema: { tags, summary: "Change a block device", params: onDevice, body: storageDeviceUpdate, response } },
    (incoming) =>
      change(
        incoming,
        incoming.params.id,
        "changed a block device",
        (storage, _make, status) => {
          const device = findDevice(storage, incoming.params.device);
          const { path, tags: words, boots, ...fields } = incoming.body;
          const deployed = status === "deployed";
          updateDevice(storage, device, { ...fields, ...(path !== undefined && { id_path: path }) }, deployed);
          if (boots === true && !deployed) setBootDisk(storage, device);
          for (const word of words ?? []) requireTag(word);
          if (words !== undefined && !deployed) device.tags = [...new Set(words)];
        },
        "disk",
      ),
  );
  routes.delete(
    `${base}/devices/:device`,
    { schema: { tags, summary: "Forget a disk, or delete a logical volume", params: onDevice, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "deleted a block device", (storage) =>
        deleteDevice(storage, findDevice(storage, incoming.params.device)),
      ),
  );
  routes.post(
    `${base}/devices/:device/partitions`,
    { schema: { tags, summary: "Add a partition", params: onDevice, body: storagePartitionRequest, response } },
    (incoming) =>
      change(
        incoming,
        incoming.params.id,
        "added a partition",
        (storage, make) => void addPartition(storage, make, findDevice(storage, incoming.params.device), incoming.body),
      ),
  );
  routes.delete(
    `${base}/devices/:device/partitions/:partition`,
    { schema: { tags, summary: "Delete a partition", params: onPartition, response } },
    (incoming) =>
      change(incoming, incoming.params.id, "deleted a partition", (storage) => {
        const { device, partition } = incoming.params;
        const found = findPartition(storage, findDevice(storage, device), partition);
        deletePartition(storage, found.device, found.partition);
      }),
  );

  for (const [path, place] of [
    ["devices/:device", onDevice],
    ["devices/:device/partitions/:partition", onPartition],
  ] as const) {
    const what = path.endsWith(":partition") ? "partition" : "block device";
    const at = (storage: Storage, { device, partition }: { device: number; partition?: number | undefined }): Place =>
      findPlace(storage, device, partition);
    routes.put(
      `${base}/${path}/filesystem`,
      {
        schema: {
          tags,
          summary: `Put a filesystem on a ${what}, and mount it where a path is given`,
          params: place,
          body: storageFilesystemRequest,
          response,
        },
      },
      (incoming) =>
        change(
          incoming,
          incoming.params.id,
          `formatted a ${what}`,
          (storage, make) => {
            const target = at(storage, incoming.params);
            const { mount_point, mount_options, ...wish } = incoming.body;
            if (filesystemOf(storage, target)?.mount_point != null) unmount(storage, target);
            format(storage, make, target, wish);
            if (mount_point !== undefined) mount(storage, target, { mount_point, mount_options });
          },
          "filesystem",
        ),
    );
    routes.delete(
      `${base}/${path}/filesystem`,
      { schema: { tags, summary: `Take the filesystem off a ${what}`, params: place, response } },
      (incoming) =>
        change(
          incoming,
          incoming.params.id,
          `unformatted a ${what}`,
          (storage) => {
            const target = at(storage, incoming.params);
            if (filesystemOf(storage, target)?.mount_point != null) unmount(storage, target);
            unformat(storage, target);
          },
          "filesystem",
        ),
    );
  }

  routes.post(
    `${base}/special-filesystems`,
    {
      schema: { tags, summary: "Mount a filesystem that is in memory", params, body: storageSpecialRequest, response },
    },
    (incoming) =>
      change(
        incoming,
        incoming.params.id,
        `mounted ${incoming.body.fstype}`,
        (storage, make) => mountSpecial(storage, make, incoming.body),
        "filesystem",
      ),
  );
  routes.delete(
    `${base}/special-filesystems/:filesystem`,
    {
      schema: {
        tags,
        summary: "Unmount a filesystem that is in memory",
        params: params.extend({ filesystem: number }),
        response,
      },
    },
    (incoming) =>
      change(
        incoming,
        incoming.params.id,
        "unmounted a filesystem in memory",
        (storage) => {
          const special = storage.filesystems.find(({ id }) => id === incoming.params.filesystem);
          if (special?.mount_point == null || placeOf(storage, special) !== null || isMember(special))
            throw new NotFound(`There is no special filesystem ${incoming.params.filesystem} on this machine.`);
          unmountSpecial(storage, special.mount_point);
        },
        "filesystem",
      ),
  );
  registerGroupRoutes(routes, change);
}

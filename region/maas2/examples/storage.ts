import type { Example, Examples, World } from "../testing/example.ts";

type Thing = { id: number; name: string };
type Form = Record<string, string | string[]>;
const gigabyte = 1e9;

/** A machine of its own with disks sda (the boot disk), sdb … of 20 GB. */
async function disks(world: World, count: number) {
  const machine = await world.machine();
  const made: Thing[] = [];
  for (let number = 0; number < count; number += 1) {
    const name = `sd${String.fromCodePoint(97 + number)}`;
    const form = { name, model: "M", serial: `S${number}`, size: String(20 * gigabyte), block_size: "512" };
    made.push(await world.make<Thing>("POST", `nodes/${machine}/blockdevices/`, { form }));
  }
  const ids = made.map(({ id }) => String(id));
  return { machine, ids, path: { system_id: machine } };
}

const add = (world: World, machine: string, below: string, form: Form, op?: string): Promise<Thing> =>
  world.make<Thing>("POST", `nodes/${machine}/${below}`, { form, ...(op !== undefined && { op }) });

async function device(world: World): Promise<Example & { machine: string; id: number }> {
  const { machine, ids } = await disks(world, 1);
  const id = Number(ids[0]);
  return { machine, id, path: { system_id: machine, id } };
}

async function partition(world: World): Promise<Example & { below: string; machine: string }> {
  const { machine, ids } = await disks(world, 1);
  const device_id = ids[0] ?? "";
  const { id } = await add(world, machine, `blockdevices/${device_id}/partitions/`, {});
  const below = `blockdevices/${device_id}/partition/${id}`;
  return { machine, below, path: { system_id: machine, device_id, id } };
}

const only = ({ path, form }: Example): Example => ({ ...(path && { path }), ...(form && { form }) });

/** A formatted, and where asked for mounted, device or partition. */
async function formatted(world: World, kind: "device" | "partition", mounted: boolean): Promise<Example> {
  const made = kind === "device" ? await device(world) : await partition(world);
  const below = "below" in made ? made.below : `blockdevices/${made.id}/`;
  await add(world, made.machine, below, { fstype: "ext4" }, "format");
  if (mounted) await add(world, made.machine, below, { mount_point: "/srv" }, "mount");
  return only(made);
}

async function volumeGroup(world: World): Promise<Example & { machine: string; id: number }> {
  const { machine, ids } = await disks(world, 2);
  const { id } = await add(world, machine, "volume-groups/", { name: "vg0", block_devices: [ids[1] ?? ""] });
  return { machine, id, path: { system_id: machine, id } };
}

async function raid(world: World, used = 3): Promise<Example & { ids: string[] }> {
  const { machine, ids } = await disks(world, 4);
  const { id } = await add(world, machine, "raids/", { level: "raid-1", block_devices: ids.slice(1, used) });
  return { ids, path: { system_id: machine, id } };
}

async function cacheSet(world: World) {
  const { machine, ids } = await disks(world, 4);
  const { id } = await add(world, machine, "bcache-cache-sets/", { cache_device: ids[1] ?? "" });
  return { machine, ids, id, path: { system_id: machine, id } };
}

async function bcache(world: World): Promise<Example & { ids: string[]; machine: string }> {
  const { machine, ids, id: set } = await cacheSet(world);
  const form = { cache_set: String(set), backing_device: ids[2] ?? "", cache_mode: "writeback" };
  const { id } = await add(world, machine, "bcaches/", form);
  return { machine, ids, path: { system_id: machine, id } };
}

async function datastore(world: World): Promise<Example & { ids: string[] }> {
  const { machine, ids } = await disks(world, 3);
  const { id } = await add(world, machine, "vmfs-datastores/", { name: "data", block_devices: [ids[1] ?? ""] });
  return { ids, path: { system_id: machine, id } };
}

/** The same machine's list that the thing is in. */
const list = async (made: Promise<Example>): Promise<Example> => {
  const { path = {} } = await made;
  return { path: { system_id: path["system_id"] ?? "" } };
};
const named = async (made: Promise<Example>, form: Form): Promise<Example> => ({ ...only(await made), form });

function placeExamples(path: string, kind: "device" | "partition"): Examples {
  const fresh = (world: World) => (kind === "device" ? device(world) : partition(world));
  return {
    [`POST ${path} format`]: (world) => named(fresh(world), { fstype: "ext4", label: "data" }),
    [`POST ${path} unformat`]: (world) => formatted(world, kind, false),
    [`POST ${path} mount`]: (world) => named(formatted(world, kind, false), { mount_point: "/srv" }),
    [`POST ${path} unmount`]: (world) => formatted(world, kind, true),
    [`POST ${path} add_tag`]: (world) => named(fresh(world), { tag: "fast" }),
    [`POST ${path} remove_tag`]: (world) => named(fresh(world), { tag: "fast" }),
    [`GET ${path}`]: async (world) => only(await fresh(world)),
    [`DELETE ${path}`]: async (world) => only(await fresh(world)),
  };
}

const one = "nodes/{system_id}";
export const storageExamples: Examples = {
  [`GET ${one}/blockdevices/`]: (world) => list(device(world)),
  [`POST ${one}/blockdevices/`]: async (world) => ({
    path: { system_id: await world.machine() },
    form: { name: "sda", model: "M", serial: "S", size: "20G", block_size: "512", numa_node: "0" },
  }),
  ...placeExamples(`${one}/blockdevices/{id}/`, "device"),
  [`PUT ${one}/blockdevices/{id}/`]: (world) => named(device(world), { name: "nvme0n1", size: "30G" }),
  [`POST ${one}/blockdevices/{id}/ set_boot_disk`]: async (world) => only(await device(world)),
  [`GET ${one}/blockdevices/{device_id}/partitions/`]: async (world) => {
    const { path = {} } = await partition(world);
    return { path: { system_id: path["system_id"] ?? "", device_id: path["device_id"] ?? "" } };
  },
  [`POST ${one}/blockdevices/{device_id}/partitions/`]: async (world) => {
    const { machine, id } = await device(world);
    return { path: { system_id: machine, device_id: id }, form: { size: "4G", bootable: "true" } };
  },
  ...placeExamples(`${one}/blockdevices/{device_id}/partition/{id}`, "partition"),
  [`GET ${one}/volume-groups/`]: (world) => list(volumeGroup(world)),
  [`POST ${one}/volume-groups/`]: async (world) => {
    const { path, ids } = await disks(world, 3);
    return { path, form: { name: "vg0", block_devices: ids.slice(1) } };
  },
  [`GET ${one}/volume-group/{id}/`]: async (world) => only(await volumeGroup(world)),
  [`PUT ${one}/volume-group/{id}/`]: (world) => named(volumeGroup(world), { name: "vg1" }),
  [`DELETE ${one}/volume-group/{id}/`]: async (world) => only(await volumeGroup(world)),
  [`POST ${one}/volume-group/{id}/ create_logical_volume`]: (world) =>
    named(volumeGroup(world), { name: "data", size: "2G" }),
  [`POST ${one}/volume-group/{id}/ delete_logical_volume`]: async (world) => {
    const group = await volumeGroup(world);
    const form = { name: "data" };
    const volume = await add(world, group.machine, `volume-group/${group.id}/`, form, "create_logical_volume");
    return { ...only(group), form: { id: String(volume.id) } };
  },
  [`GET ${one}/raids/`]: (world) => list(raid(world)),
  [`POST ${one}/raids/`]: async (world) => {
    const { path, ids } = await disks(world, 4);
    return { path, form: { level: "raid-1", block_devices: ids.slice(1, 3), spare_devices: ids.slice(3) } };
  },
  [`GET ${one}/raid/{id}/`]: async (world) => only(await raid(world)),
  [`PUT ${one}/raid/{id}/`]: async (world) => {
    const made = await raid(world);
    return { ...only(made), form: { name: "md7", add_spare_devices: made.ids.slice(3) } };
  },
  [`DELETE ${one}/raid/{id}/`]: async (world) => only(await raid(world)),
  [`GET ${one}/bcaches/`]: (world) => list(bcache(world)),
  [`POST ${one}/bcaches/`]: async (world) => {
    const { id, ids, path } = await cacheSet(world);
    const form = { cache_set: String(id), backing_device: ids[2] ?? "", cache_mode: "WRITEBACK" };
    return { path: { system_id: path.system_id }, form };
  },
  [`GET ${one}/bcache/{id}/`]: async (world) => only(await bcache(world)),
  [`PUT ${one}/bcache/{id}/`]: async (world) => {
    const made = await bcache(world);
    return { ...only(made), form: { cache_mode: "writearound", backing_device: made.ids[3] ?? "" } };
  },
  [`DELETE ${one}/bcache/{id}/`]: async (world) => only(await bcache(world)),
  [`GET ${one}/bcache-cache-sets/`]: async (world) => list(cacheSet(world)),
  [`POST ${one}/bcache-cache-sets/`]: async (world) => {
    const { path, ids } = await disks(world, 2);
    return { path, form: { cache_device: ids[1] ?? "" } };
  },
  [`GET ${one}/bcache-cache-set/{id}/`]: async (world) => only(await cacheSet(world)),
  [`PUT ${one}/bcache-cache-set/{id}/`]: async (world) => {
    const made = await cacheSet(world);
    return { ...only(made), form: { cache_device: made.ids[2] ?? "" } };
  },
  [`DELETE ${one}/bcache-cache-set/{id}/`]: async (world) => only(await cacheSet(world)),
  [`GET ${one}/vmfs-datastores/`]: async (world) => list(datastore(world)),
  [`POST ${one}/vmfs-datastores/`]: async (world) => {
    const { path, ids } = await disks(world, 2);
    return { path, form: { name: "data", block_devices: ids.slice(1) } };
  },
  [`GET ${one}/vmfs-datastore/{id}/`]: async (world) => only(await datastore(world)),
  [`PUT ${one}/vmfs-datastore/{id}/`]: async (world) => {
    const made = await datastore(world);
    return { ...only(made), form: { name: "more", add_block_devices: made.ids.slice(2) } };
  },
  [`DELETE ${one}/vmfs-datastore/{id}/`]: async (world) => only(await datastore(world)),
  "POST machines/{system_id}/ set_storage_layout": async (world) => {
    const { path } = await disks(world, 2);
    return { path, form: { storage_layout: "lvm", root_size: "10G", vg_name: "vg0" } };
  },
  "POST machines/{system_id}/ mount_special": async (world) => ({
    path: { system_id: await world.machine() },
    form: { fstype: "tmpfs", mount_point: "/scratch", mount_options: "size=1G" },
  }),
  "POST machines/{system_id}/ unmount_special": async (world) => {
    const id = await world.machine();
    const form = { fstype: "tmpfs", mount_point: "/scratch" };
    await world.make("POST", `machines/${id}/`, { op: "mount_special", form });
    return { path: { system_id: id }, form: { mount_point: "/scratch" } };
  },
  "POST machines/{system_id}/ restore_storage_configuration": async (world) => only(await disks(world, 1)),
};

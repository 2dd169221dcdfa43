import type { Disk } from "@rackwright/contract";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";
import { readBlockFacts } from "./block-facts.ts";
import { readHealth } from "./health.ts";
import { numaNodeOf } from "./numa.ts";

const skipped = /^(loop|ram|zram|sr|fd|dm-|md|nbd|bcache|mtdblock)/;
const smallest = 4 * 1024 * 1024;

/** `/dev/disk/by-id` names by kernel name; partitions are left out, wwn and eui names lose against model and serial. */
async function stablePaths(world: World): Promise<Map<string, string>> {
  const base = `${world.root}/dev/disk/by-id`;
  const paths = new Map<string, string>();
  for (const id of await world.list(base)) {
    if (/-part\d+$/.test(id) || /^(dm|md|lvm)-/.test(id)) continue;
    const target = (await world.link(`${base}/${id}`))?.split("/").pop();
    if (target === undefined) continue;
    const known = paths.get(target);
    if (known === undefined || /\/(wwn|nvme-eui|scsi-3)/.test(known)) paths.set(target, `/dev/disk/by-id/${id}`);
  }
  return paths;
}

function transportOf(devicePath: string | null): string | null {
  if (devicePath === null) return null;
  for (const name of ["nvme", "virtio", "usb", "ata", "mmc"])
    if (devicePath.includes(`/${name}`)) return name === "ata" ? "sata" : name;
  if (/end_device-/.test(devicePath)) return "sas";
  if (/\/session\d+\//.test(devicePath)) return "iscsi";
  return /\/host\d+\//.test(devicePath) ? "scsi" : null;
}

/** Disks of the machine from sysfs: no optical, loop, floppy or composed devices, nothing of 4 MiB or less. */
export async function readDisks(world: World): Promise<Disk[]> {
  const stable = await stablePaths(world);
  const facts = new Map((await readBlockFacts(world)).map((fact) => [fact.name, fact]));
  const disks: Disk[] = [];
  for (const name of await world.list(`${world.root}/sys/block`)) {
    if (skipped.test(name)) continue;
    const base = `/sys/block/${name}`;
    const size = ((await readNumber(world, `${base}/size`)) ?? 0) * 512;
    if (size <= smallest) continue;
    const text = async (...paths: string[]): Promise<string | null> => {
      for (const path of paths) {
        const value = await readText(world, `${base}/${path}`);
        if (value !== null) return value;
      }
      return null;
    };
    const known = facts.get(name);
    disks.push({
      name,
      path: stable.get(name) ?? `/dev/${name}`,
      size,
      block_size: (await readNumber(world, `${base}/queue/logical_block_size`)) ?? 512,
      // SATA disks tell the kernel a model cut short and no serial number; udev asks them itself.
      model: known?.model ?? (await text("device/model")),
      serial: known?.serial ?? (await text("device/serial", "serial")),
      firmware_version: (await text("device/firmware_rev", "device/rev")) ?? known?.rev ?? null,
      rotational: (await readNumber(world, `${base}/queue/rotational`)) === 1,
      removable: (await readNumber(world, `${base}/removable`)) === 1,
      read_only: (await readNumber(world, `${base}/ro`)) === 1,
      transport: transportOf(await world.link(`${world.root}${base}`)),
      wwn: known?.wwn ?? (await text("wwid", "device/wwid")),
      numa_node: await numaNodeOf(world, `${base}/device`),
      health: null,
    });
  }
  return Promise.all(disks.map(async (disk) => ({ ...disk, health: await readHealth(world, disk.name) })));
}

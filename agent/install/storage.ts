import { diskMissing, makeFailure, storageFailed } from "@rackwright/contract";
import type { InstallPlan, StorageAction } from "@rackwright/contract";
import { programFailure, StepFailed } from "../failure.ts";
import type { World } from "../world.ts";

type Action<T extends StorageAction["type"]> = Extract<StorageAction, { type: T }>;

/** Something mounted: a filesystem on a device, or one that is in memory and known by its name. */
export type Mounted = { device: string; path: string; options: string; format: Action<"format"> };
export type Special = { spec: string; fstype: string; path: string; options: string };

/** What the storage actions came to on this machine: the device node of each id, and the mounts in order. */
export interface Layout {
  readonly devices: ReadonlyMap<string, string>;
  readonly mounts: readonly Mounted[];
  /** Not mounted while the system is installed, only written down for it. */
  readonly swaps: readonly Mounted[];
  readonly specials: readonly Special[];
  readonly bootDisk: string;
}

const typeCodes = { bios_grub: "ef02", boot: "ef00", linux: "8300", swap: "8200" } as const;

/** The kernel's name of a partition: nvme0n1p1 where the disk's name ends in a digit, sda1 otherwise. */
export function partitionPath(disk: string, number: number): string {
  return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}

async function must(world: World, what: string, argv: readonly string[], timeoutSeconds = 300): Promise<string> {
  const result = await world.run(argv, { timeoutSeconds });
  if (result.status !== 0) {
    throw programFailure(storageFailed, what, argv, result);
  }
  return result.output;
}

async function findDisk(world: World, action: Action<"disk">): Promise<string> {
  const wanted = action.path ?? action.serial ?? "";
  const found = await world.run(["readlink", "-e", action.path ?? `/dev/disk/by-id/${action.serial}`], {
    timeoutSeconds: 10,
  });
  const path = found.output.trim();
  if (found.status === 0 && path !== "") return path;
  const present = await world.run(["lsblk", "--nodeps", "--output", "NAME,SIZE,MODEL,SERIAL"], { timeoutSeconds: 10 });
  throw new StepFailed(
    makeFailure(
      diskMissing,
      `The disk ${wanted} of the install plan is not in this machine.`,
      present.output.split("\n").filter((line) => line !== ""),
      "If the disk was changed or failed, commission the machine again so that the plan is made for what is there.",
    ),
  );
}

/** The sgdisk call that makes a disk's whole partition table at once. */
export function partitionTable(disk: string, partitions: readonly Action<"partition">[]): string[] {
  const argv = ["sgdisk", "--zap-all"];
  for (const partition of partitions) {
    const end = partition.size === "rest" ? "0" : `+${Math.floor(partition.size / 1024)}K`;
    argv.push(`--new=${partition.number}:0:${end}`, `--typecode=${partition.number}:${typeCodes[partition.flag]}`);
    if (partition.uuid !== undefined) argv.push(`--partition-guid=${partition.number}:${partition.uuid}`);
  }
  return [...argv, disk];
}

/** The mkfs call for a filesystem; ext4 defers its slow initialisation to the installed system. */
export function makeFilesystem({ fstype, label, uuid }: Action<"format">, device: string): string[] {
  const named = (option: string): string[] => (label === undefined ? [] : [option, label]);
  switch (fstype) {
    case "ext2":
      return ["mkfs.ext2", "-q", "-F", "-E", "nodiscard", ...named("-L"), "-U", uuid, device];
    case "ext4": {
      const extended = ["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"];
      return ["mkfs.ext4", "-q", "-F", ...extended, ...named("-L"), "-U", uuid, device];
    }
    case "xfs":
      return ["mkfs.xfs", "-q", "-f", "-K", ...named("-L"), "-m", `uuid=${uuid}`, device];
    case "fat32":
    case "vfat": {
      const size = fstype === "fat32" ? ["-F", "32"] : [];
      const name = label === undefined ? [] : ["-n", label.toUpperCase().slice(0, 11)];
      return ["mkfs.vfat", ...size, ...name, "-i", uuid.replaceAll("-", "").slice(0, 8), device];
    }
    case "swap":
      return ["mkswap", "--force", ...named("--label"), "--uuid", uuid, device];
  }
}

/** Carries out the plan's storage actions, and mounts the filesystems below `target`, the root first. */
export async function prepareStorage(
  world: World,
  storage: InstallPlan["storage"],
  target: string,
  progress: (percent: number, message: string) => void,
): Promise<Layout> {
  const of = <T extends StorageAction["type"]>(type: T): Action<T>[] =>
    storage.config.filter((action): action is Action<T> => action.type === type);
  const devices = new Map<string, string>();
  // All of them before anything is written: where one is missing, the others stay as they are.
  for (const disk of of("disk")) devices.set(disk.id, await findDisk(world, disk));
  for (const disk of of("disk")) {
    const path = devices.get(disk.id) ?? "";
    progress(10, `Wiping ${path}`);
    await must(world, `Wiping ${path}`, ["wipefs", "--all", "--force", path]);
    if (disk.ptable === undefined) continue;
    const partitions = of("partition").filter((partition) => partition.device === disk.id);
    progress(20, `Partitioning ${path}`);
    await must(world, `Partitioning ${path}`, partitionTable(path, partitions));
    for (const partition of partitions) devices.set(partition.id, partitionPath(path, partition.number));
    await must(world, "Waiting for the new partitions", ["udevadm", "settle", "--timeout=30"]);
    // The kernel refuses to read a table anew while udev still looks at a partition; partx only adds what is missing.
    await must(world, `Reading the new table of ${path}`, ["partx", "--update", path]);
    await must(world, "Waiting for the new partitions", ["udevadm", "settle", "--timeout=30"]);
  }
  for (const format of of("format")) {
    const device = devices.get(format.volume) ?? "";
    progress(60, `Making ${format.fstype} on ${device}`);
    await must(world, `Making a filesystem on ${device}`, makeFilesystem(format, device));
  }
  const mounted = of("mount")
    .filter(({ device }) => device !== undefined)
    .map((mount): Mounted => {
      const format = of("format").find((candidate) => candidate.id === mount.device);
      if (!format) throw new Error(`mount ${mount.id} names no format action: ${mount.device}`);
      const usual = format.fstype === "swap" ? "sw" : "defaults";
      return { device: devices.get(format.volume) ?? "", path: mount.path, options: mount.options ?? usual, format };
    })
    .sort((a, b) => a.path.length - b.path.length);
  const specials = of("mount").flatMap(({ spec, fstype, path, options = "defaults" }) =>
    spec === undefined || fstype === undefined ? [] : [{ spec, fstype, path, options }],
  );
  const swaps = mounted.filter(({ format }) => format.fstype === "swap");
  const mounts = mounted.filter(({ format }) => format.fstype !== "swap");
  for (const mount of mounts) {
    await must(world, `Making ${mount.path}`, ["mkdir", "-p", target + mount.path]);
    const fast = mount.format.fstype === "ext4" ? ["-o", "noatime,nobarrier"] : [];
    await must(world, `Mounting ${mount.path}`, ["mount", ...fast, mount.device, target + mount.path]);
  }
  progress(100, "Storage is ready");
  const bootDisk = of("disk").find((disk) => disk.grub_device) ?? of("disk")[0];
  return { devices, mounts, swaps, specials, bootDisk: devices.get(bootDisk?.id ?? "") ?? "" };
}

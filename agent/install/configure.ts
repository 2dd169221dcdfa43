import type { InstallPlan } from "@rackwright/contract";
import type { World } from "../world.ts";
import type { Layout } from "./storage.ts";

/** The installed system's /etc/fstab. */
export function fstab(layout: Layout): string {
  const lines = [...layout.mounts, ...layout.swaps].map(({ path, options, format: { fstype, uuid } }) => {
    const check = path === "/" ? 1 : checked.has(fstype) ? 2 : 0;
    if (fstype !== "fat32" && fstype !== "vfat") return `UUID=${uuid} ${path} ${fstype} ${options} 0 ${check}`;
    // FAT's identity is a serial number of two groups of four digits.
    const serial = uuid.replaceAll("-", "").slice(0, 8).toUpperCase();
    return `UUID=${serial.slice(0, 4)}-${serial.slice(4)} ${path} vfat ${options} 0 ${check}`;
  });
  const special = layout.specials.map(({ spec, path, fstype, options }) => `${spec} ${path} ${fstype} ${options} 0 0`);
  return `${[...lines, ...special].join("\n")}\n`;
}

/** Filesystems that are checked when the system starts. */
const checked: ReadonlySet<string> = new Set(["ext2", "ext4", "fat32", "vfat"]);

/** The network configuration for cloud-init of the installed system (version 2; JSON is YAML). */
export function networkFile(plan: InstallPlan): string {
  return `${JSON.stringify({ network: plan.network }, null, 2)}\n`;
}

/** Writes everything that makes the copied image this machine: fstab, hostname, network, cloud-init's seed. */
export async function configureSystem(world: World, plan: InstallPlan, layout: Layout, target: string): Promise<void> {
  const files = [
    { path: "/etc/fstab", content: fstab(layout), permissions: "0644" },
    { path: "/etc/hostname", content: `${plan.hostname}\n`, permissions: "0644" },
    { path: "/etc/cloud/cloud.cfg.d/50-rackwright-network.cfg", content: networkFile(plan), permissions: "0600" },
    ...plan.write_files,
  ];
  for (const file of files) {
    await world.run(["mkdir", "-p", target + file.path.slice(0, file.path.lastIndexOf("/"))], { timeoutSeconds: 10 });
    await world.write(target + file.path, file.content, Number.parseInt(file.permissions, 8));
  }
}

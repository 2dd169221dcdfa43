import type { InstallPlan } from "@rackwright/contract";
import type { World } from "../world.ts";
import type { Layout } from "./storage.ts";

/** The installed system's /etc/fstab. */
export function fstab(layout: Layout): string {
  const lines = layout.mounts.map((mount) => {
    const identity =
      mount.format.fstype === "fat32"
        ? mount.format.uuid.replaceAll("-", "").slice(0, 8).toUpperCase()
        : mount.format.uuid;
    const uuid = mount.format.fstype === "fat32" ? `${identity.slice(0, 4)}-${identity.slice(4)}` : identity;
    const type = mount.format.fstype === "fat32" ? "vfat" : mount.format.fstype;
    return `UUID=${uuid} ${mount.path} ${type} ${mount.options} 0 ${mount.path === "/" ? 1 : 2}`;
  });
  return `${lines.join("\n")}\n`;
}

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

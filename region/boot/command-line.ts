import type { Architecture } from "@rackwright/contract";

/** Serial console of the usual server boards; arm64 servers name theirs in the firmware's SPCR table. */
const consoles: Record<Architecture, string> = { amd64: "console=tty0 console=ttyS0,115200", arm64: "" };

/** Kernel options every system of ours gets: the consoles, and a restart instead of standing still after a panic. */
export function kernelOptions(architecture: Architecture): string {
  return [consoles[architecture], "panic=60"].filter((word) => word !== "").join(" ");
}

/**
 * The kernel command line of the ephemeral system. `{rack}` stands for the rack's address and port, which the rack
 * fills in; BOOTIF is added by the loader. The words and their order are those MAAS images understand: `root=squash:`
 * and `ip=` are for the initrd, `cc:` and `cloud-config-url=` for cloud-init.
 */
export function ephemeralCommandLine(options: {
  architecture: Architecture;
  hostname: string;
  squashfs: string;
  /** null: a machine not known yet. */
  machineId: string | null;
}): string {
  const preseed =
    options.machineId === null ? "enlist-preseed/?op=get_enlist_preseed" : `by-id/${options.machineId}/?op=get_preseed`;
  return [
    "nomodeset",
    `root=squash:http://{rack}/images/${options.squashfs}/squashfs`,
    `ip=::::${options.hostname}:BOOTIF:dhcp ip6=off`,
    "cc:{'datasource_list': ['MAAS']}end_cc",
    `cloud-config-url=http://{rack}/MAAS/metadata/latest/${preseed}`,
    "ro overlayroot=tmpfs overlayroot_cfgdisk=disabled quiet",
    kernelOptions(options.architecture),
  ].join(" ");
}

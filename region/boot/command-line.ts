import type { Architecture } from "@rackwright/contract";

/** Serial console of the usual server boards; arm64 servers name theirs in the firmware's SPCR table. */
const consoles: Record<Architecture, string> = { amd64: "console=tty0 console=ttyS0,115200", arm64: "" };

/** Kernel options every system of ours gets: the consoles, and a restart instead of standing still after a panic. */
export function kernelOptions(architecture: Architecture): string {
  return joinOptions(consoles[architecture], "panic=60");
}

/** Kernel options one after the other, those that are empty left out. */
export function joinOptions(...options: string[]): string {
  return options.filter((words) => words !== "").join(" ");
}

/**
 * The kernel command line of a system whose root is fetched into memory: the ephemeral one, or a deployed image. `{rack}` stands for the rack's address and port, which the rack
 * fills in; BOOTIF is added by the loader. The words and their order are those MAAS images understand: `root=squash:`
 * and `ip=` are for the initrd, `cc:` and `cloud-config-url=` for cloud-init.
 */
export function memoryCommandLine(options: {
  architecture: Architecture;
  hostname: string;
  squashfs: string;
  /** null: a machine not known yet. */
  machineId: string | null;
  /** Leaves the screen to the firmware: the ephemeral system has no graphics drivers. */
  nomodeset: boolean;
  /** Options of the machine's tags, after all others, so that they win. */
  tagOptions: string;
}): string {
  const preseed =
    options.machineId === null ? "enlist-preseed/?op=get_enlist_preseed" : `by-id/${options.machineId}/?op=get_preseed`;
  return [
    ...(options.nomodeset ? ["nomodeset"] : []),
    `root=squash:http://{rack}/images/${options.squashfs}/squashfs`,
    `ip=::::${options.hostname}:BOOTIF:dhcp ip6=off`,
    "cc:{'datasource_list': ['MAAS']}end_cc",
    `cloud-config-url=http://{rack}/MAAS/metadata/latest/${preseed}`,
    "ro overlayroot=tmpfs overlayroot_cfgdisk=disabled quiet",
    joinOptions(kernelOptions(options.architecture), options.tagOptions),
  ].join(" ");
}

import { bootLoaderFailed, storageFailed } from "@rackwright/contract";
import type { InstallPlan } from "@rackwright/contract";
import { programFailure } from "../failure.ts";
import type { World } from "../world.ts";
import type { Layout } from "./storage.ts";

/** The shell words that put GRUB on the disk, run inside the installed system. */
export function grubInstall(firmware: InstallPlan["firmware"], bootDisk: string): string[] {
  return firmware === "bios"
    ? ["grub-install", "--target=i386-pc", bootDisk]
    : [
        "grub-install",
        "--target=x86_64-efi",
        "--uefi-secure-boot",
        "--removable",
        "--no-nvram",
        "--efi-directory=/boot/efi",
      ];
}

/** Version of the newest kernel in a /boot folder that has an initrd too; null where there is none. */
export function newestKernel(names: readonly string[]): string | null {
  const versions = names
    .filter((name) => name.startsWith("vmlinuz-") && names.includes(name.replace("vmlinuz-", "initrd.img-")))
    .map((name) => name.slice("vmlinuz-".length))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return versions.at(-1) ?? null;
}

/**
 * GRUB's first configuration. The system's own update-grub takes a quarter of a minute on slow machines to come to the
 * same; it replaces this file with the next kernel. `bootUuid`: of the filesystem at /boot, where that is one of its own.
 */
export function grubConfiguration(kernel: string, rootUuid: string, options: string, bootUuid?: string): string {
  const folder = bootUuid === undefined ? "/boot" : "";
  return [
    "# Written at installation. update-grub replaces it.",
    "set timeout=0",
    `search --no-floppy --fs-uuid --set=root ${bootUuid ?? rootUuid}`,
    'menuentry "Linux" {',
    `  linux ${folder}/vmlinuz-${kernel} root=UUID=${rootUuid} ro ${options} quiet`,
    `  initrd ${folder}/initrd.img-${kernel}`,
    "}",
    "",
  ].join("\n");
}

/** Sets kernel options, installs the boot loader and writes its configuration. */
export async function installBootLoader(
  world: World,
  plan: InstallPlan,
  layout: Layout,
  target: string,
  progress: (percent: number, message: string) => void,
): Promise<void> {
  const inside = async (what: string, argv: readonly string[]): Promise<void> => {
    const result = await world.run(["chroot", target, ...argv], { timeoutSeconds: 300 });
    if (result.status !== 0) {
      throw programFailure(bootLoaderFailed, what, argv, result);
    }
  };
  for (const [type, path] of [
    ["proc", "/proc"],
    ["sysfs", "/sys"],
    ["devtmpfs", "/dev"],
  ] as const) {
    await world.run(["mount", "-t", type, type, target + path], { timeoutSeconds: 10 });
  }
  await world.run(["mkdir", "-p", `${target}/etc/default/grub.d`], { timeoutSeconds: 10 });
  const options = plan.kernel_options.replaceAll(/["'\\$`\n]/g, "");
  await world.write(
    `${target}/etc/default/grub.d/50-rackwright.cfg`,
    `GRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX="${options}"\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_DISABLE_OS_PROBER=true\n`,
  );
  progress(10, "Installing GRUB");
  await inside("Installing the boot loader", grubInstall(plan.firmware, layout.bootDisk));
  progress(60, "Writing GRUB's configuration");
  const root = layout.mounts.find((mount) => mount.path === "/");
  const kernel = newestKernel(await world.list(`${target}/boot`));
  if (root && kernel !== null) {
    const boot = layout.mounts.find((mount) => mount.path === "/boot");
    const text = grubConfiguration(kernel, root.format.uuid, options, boot?.format.uuid);
    await world.write(`${target}/boot/grub/grub.cfg`, text);
  } else await inside("Writing the boot loader's configuration", ["update-grub"]);
  progress(100, "Boot loader is ready");
}

/** Unmounts everything below the target, so that all is on the disk before the machine restarts. */
export async function finishDisk(world: World, target: string): Promise<void> {
  const result = await world.run(["umount", "--recursive", target], { timeoutSeconds: 300 });
  if (result.status !== 0) {
    throw programFailure(storageFailed, "Unmounting the new system", ["umount", target], result);
  }
}

import type { Architecture } from "@rackwright/contract/rack";
import { bareWord, bootInterface, bootOf, plainText, type ScriptInput } from "./script.ts";

/** How GRUB itself was loaded: over HTTP its root device is the rack already. */
export type GrubProtocol = "tftp" | "http";

/** The configuration with the name built into signed GRUB images: the machine's own one, then the default. */
export function grubStart(): string {
  return lines(
    "set timeout=0",
    "configfile /grub/grub.cfg-${net_default_mac}",
    'if [ "${grub_cpu}" = arm64 ]; then',
    "  configfile /grub/grub.cfg-default-arm64",
    "else",
    "  configfile /grub/grub.cfg-default-amd64",
    "fi",
  );
}

/**
 * Loaders of installed systems on the EFI system partition, by architecture. `signed` ones are found at fixed places by
 * distributions whose GRUB verifies through shim; the others only work while Secure Boot is off.
 */
const localLoaders: Record<Architecture, { signed: readonly string[]; unsigned: readonly string[] }> = {
  amd64: {
    signed: [
      "/efi/boot/bootx64.efi",
      "/efi/debian/shimx64.efi",
      "/efi/ubuntu/shimx64.efi",
      "/efi/ubuntu/grubx64.efi",
      "/efi/Microsoft/Boot/bootmgfw.efi",
    ],
    unsigned: [
      "/efi/centos/shimx64.efi",
      "/efi/redhat/shimx64.efi",
      "/efi/rocky/shimx64.efi",
      "/efi/almalinux/shimx64.efi",
      "/efi/suse/shim.efi",
      "/efi/ol/shim.efi",
    ],
  },
  arm64: {
    signed: [
      "/efi/boot/bootaa64.efi",
      "/efi/debian/shimaa64.efi",
      "/efi/ubuntu/shimaa64.efi",
      "/efi/ubuntu/grubaa64.efi",
    ],
    unsigned: [],
  },
};

/** A decision as a GRUB configuration. A machine that can boot nothing now restarts, so that it goes on by itself. */
export function grubScript(input: ScriptInput, protocol: GrubProtocol): string {
  const { decision, mac, rack } = input;
  const said = `echo 'Rackwright: ${plainText(decision.hostname)}: ${plainText(decision.rule)}'`;
  const boot = bootOf(input);
  if (decision.purpose === "local") return localBoot(said, decision.architecture ?? "amd64");
  if (boot === undefined) {
    if (decision.purpose === "poweroff") return lines("set timeout=0", said, "halt");
    return lines(
      "set timeout=0",
      said,
      "echo 'Rackwright: there is nothing to boot now, restarting in 60 seconds'",
      "sleep 60",
      "reboot",
    );
  }
  const card = mac === null ? "01-${net_default_mac}" : bootInterface(mac);
  const words = [...boot.words.map(grubWord), `BOOTIF=${card}`].join(" ");
  return lines(
    "set timeout=0",
    said,
    // GRUB's shell has no "and".
    ...devicesOf(rack, protocol).flatMap((device) => [
      `if linux ${device}${boot.kernel} ${words}; then`,
      `  if initrd ${device}${boot.initrd}; then boot; fi`,
      "fi",
    ]),
    "echo 'Rackwright: the boot failed, restarting in 30 seconds'",
    "sleep 30",
    "reboot",
  );
}

/**
 * Where kernels come from, best first. HTTP is faster than GRUB's TFTP, but not every signed GRUB has it built in
 * (Debian's has not), and under Secure Boot no module is added to it.
 */
function devicesOf(rack: string, protocol: GrubProtocol): string[] {
  return protocol === "http" ? [""] : [`(http,${rack})`, `(tftp,${rack.replace(/:\d+$/, "")})`];
}

/** A kernel option as a word of GRUB's shell. GRUB hands quotation marks on with a backslash before them: they are left out. */
function grubWord(word: string): string {
  const bare = bareWord(word);
  if (bare.includes("\\")) throw new RangeError(`GRUB cannot hand on the kernel option '${word}'`);
  return /^[A-Za-z0-9_.,:/=@%+-]*$/.test(bare) ? bare : `'${bare}'`;
}

/** The loader is told that it came from GRUB's root device, whatever device its file was named on: root has to be the disk. */
function localBoot(said: string, architecture: Architecture): string {
  const { signed, unsigned } = localLoaders[architecture];
  const attempt = (indent: string, files: readonly string[]): string[] => [
    `${indent}for file in ${files.join(" ")}; do`,
    `${indent}  if search --no-floppy --set=root --file "$file"; then`,
    `${indent}    if chainloader "$file"; then boot; fi`,
    `${indent}  fi`,
    `${indent}done`,
  ];
  const rest = unsigned.length === 0 ? [] : ['if [ "${shim_lock}" != y ]; then', ...attempt("  ", unsigned), "fi"];
  return lines("set timeout=0", said, ...attempt("", signed), ...rest, "exit 1");
}

const lines = (...all: string[]): string => `${all.join("\n")}\n`;

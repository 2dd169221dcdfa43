import { access, constants, readFile } from "node:fs/promises";
import type { Firmware } from "../options.ts";
import type { World } from "./world.ts";

interface Requirement {
  /** Package of Debian and Ubuntu. */
  readonly package: string;
  readonly programs: readonly string[];
  readonly reason: string;
}

const requirements: readonly Requirement[] = [
  { package: "qemu-system-x86", programs: ["qemu-system-x86_64"], reason: "runs the machines" },
  { package: "iproute2", programs: ["ip"], reason: "makes the network of the lab" },
  { package: "coreutils", programs: ["nice"], reason: "keeps machines from starving the controllers" },
];

/** Packages of Debian and Ubuntu that a lab needs on its host. */
export const hostPackages: readonly string[] = [
  "qemu-system-x86",
  "qemu-utils",
  "ovmf",
  "ipxe-qemu",
  "seabios",
  "iproute2",
  "coreutils",
];

/** Packages that only fault injection needs: packet loss and a second DHCP server. */
export const faultPackages: readonly string[] = ["nftables", "dnsmasq-base"];

/** UEFI firmware: read-only code and the template of a machine's variables. */
export interface UefiFiles {
  readonly code: string;
  readonly variables: string;
}

const uefiCandidates: readonly UefiFiles[] = [
  { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd" },
  { code: "/usr/share/OVMF/OVMF_CODE.fd", variables: "/usr/share/OVMF/OVMF_VARS.fd" },
  { code: "/usr/share/edk2/ovmf/OVMF_CODE.fd", variables: "/usr/share/edk2/ovmf/OVMF_VARS.fd" },
];

/** The UEFI firmware of this host, or undefined when none is installed. */
export async function findUefiFiles(): Promise<UefiFiles | undefined> {
  for (const files of uefiCandidates) {
    if ((await readable(files.code)) && (await readable(files.variables))) return files;
  }
  return undefined;
}

/** Boards that QEMU emulates: the newer with PCI Express, and the one of 1996. */
export type Board = "q35" | "pc";

/**
 * The board this host's BIOS can start again and again. SeaBIOS 1.15, which Ubuntu 22.04 has, resets a q35 without end once
 * the guest has restarted it.
 */
export async function findBoard(bios = "/usr/share/seabios/bios-256k.bin"): Promise<Board> {
  const image = await readFile(bios, "latin1").catch(() => "");
  return /(?<![\d.])1\.15\.\d/.test(image) ? "pc" : "q35";
}

/** What firmware the machines of this host start with. */
export interface HostFirmware {
  readonly board: Board;
  readonly uefi: UefiFiles | undefined;
}

/** What this host lacks to carry a lab, one sentence each, each saying what to do; empty when all is there. */
export async function checkHost(world: World, firmware: ReadonlySet<Firmware>): Promise<string[]> {
  const problems: string[] = [];
  if (process.getuid?.() !== 0) {
    problems.push("A lab needs root, because it makes network namespaces: run the command with sudo.");
  }
  for (const { package: name, programs, reason } of requirements) {
    for (const program of programs) {
      if ((await world.find(program)) !== undefined) continue;
      problems.push(`The program ${program}, which ${reason}, is not installed: apt-get install ${name}.`);
    }
  }
  if (!(await readable("/dev/net/tun"))) {
    problems.push("The device /dev/net/tun is missing: modprobe tun, or give the container that device.");
  }
  if (firmware.has("uefi") && (await findUefiFiles()) === undefined) {
    problems.push("The UEFI firmware (OVMF) is not installed: apt-get install ovmf.");
  }
  if (firmware.has("bios") && !(await networkRomExists())) {
    problems.push("The network boot ROM of QEMU is not installed: apt-get install ipxe-qemu.");
  }
  return problems;
}

async function networkRomExists(): Promise<boolean> {
  const folders = ["/usr/lib/ipxe/qemu", "/usr/share/qemu", "/usr/share/ipxe/qemu"];
  const found = await Promise.all(folders.map((folder) => readable(`${folder}/efi-virtio.rom`)));
  return found.includes(true);
}

async function readable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

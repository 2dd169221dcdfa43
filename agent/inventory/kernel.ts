import type { Inventory } from "@rackwright/contract";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";

type KernelFacts = Pick<
  Inventory,
  "kernel_modules" | "modaliases" | "serial_ports" | "kernel_command_line" | "secure_boot" | "tpm"
>;

/** The variable of UEFI's global namespace (UEFI 2.10, 3.3): four bytes of attributes, then 0 or 1. */
const secureBoot = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const tpmVersions: Readonly<Record<number, string>> = { 1: "1.2", 2: "2.0" };

/** Serial ports that are really there: the kernel names more than the machine has, those are of type 0. */
async function readSerialPorts(world: World): Promise<string[]> {
  const ports: string[] = [];
  for (const name of await world.list(`${world.root}/sys/class/tty`)) {
    if (/^tty(USB|AMA|ACM)\d+$|^hvc\d+$/.test(name)) ports.push(name);
    else if (/^ttyS\d+$/.test(name) && ((await readNumber(world, `/sys/class/tty/${name}/type`)) ?? 0) > 0)
      ports.push(name);
  }
  return ports.slice(0, 256);
}

/** What the running kernel tells of the machine: drivers, devices by alias, serial ports, command line, TPM. */
export async function readKernel(world: World): Promise<KernelFacts> {
  const modules = ((await readText(world, "/proc/modules")) ?? "").split("\n").map((line) => line.split(" ")[0] ?? "");
  const find = ["find", `${world.root}/sys/devices`, "-name", "modalias", "-exec", "cat", "{}", "+"];
  const aliases = (await world.run(find, { timeoutSeconds: 60 })).output.split("\n");
  const known = (names: readonly string[], longest: number): string[] =>
    [...new Set(names.filter((name) => name !== "" && name.length <= longest))].sort();
  const secure = await world.read(world.root + secureBoot);
  const tpm = await readNumber(world, "/sys/class/tpm/tpm0/tpm_version_major");
  return {
    kernel_modules: known(modules, 128).slice(0, 4096),
    modaliases: known(aliases, 512).slice(0, 10_000),
    serial_ports: await readSerialPorts(world),
    kernel_command_line: ((await readText(world, "/proc/cmdline")) ?? "").slice(0, 8192),
    secure_boot: secure === null || secure === "" ? null : secure.charCodeAt(secure.length - 1) === 1,
    tpm: tpm === null ? null : (tpmVersions[tpm] ?? null),
  };
}

import type { BootDecision } from "@rackwright/contract/rack";

/** What a script is rendered from. */
export interface ScriptInput {
  readonly decision: BootDecision;
  /** The network card that boots; null where only the loader knows it. */
  readonly mac: string | null;
  /** Address and port of the rack as this machine sees it. */
  readonly rack: string;
}

/** A decision that names something to boot, with the parts a script needs. */
export interface Boot {
  readonly kernel: string;
  readonly initrd: string;
  readonly words: readonly string[];
}

/** Paths on the rack and kernel options of a decision; undefined where it has no kernel and initrd. */
export function bootOf({ decision, rack }: ScriptInput): Boot | undefined {
  const { kernel, initrd, command_line } = decision;
  if (kernel === null || initrd === null) return undefined;
  return {
    kernel: `/images/${kernel.sha256}/${kernel.name}`,
    initrd: `/images/${initrd.sha256}/${initrd.name}`,
    words: command_line
      .replaceAll("{rack}", rack)
      .split(/\s+/)
      .filter((word) => word !== ""),
  };
}

/** Text of the region for a line of a script: one line, no characters a loader would act upon. */
export function plainText(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 .,:/()_-]/g, " ")
    .replace(/ {2,}/g, " ")
    .trim()
    .slice(0, 200);
}

/** `01-` and the address with dashes, as pxelinux made it (hardware type 1 is Ethernet). */
export function bootInterface(mac: string): string {
  return `01-${mac.replaceAll(":", "-")}`;
}

/** A kernel option as GRUB's shell passes it on: cloud-init's `cc:` option means the same without quotation marks. */
export const bareWord = (word: string): string => word.replace(/['"]/g, "");

/**
 * The kernel's command line as a loader of this kind hands it on; null where the script boots no kernel. The card is
 * the loader's own to name where the script cannot (`mac` is null).
 */
export function kernelCommandLine(input: ScriptInput, program: "ipxe" | "grub"): string | null {
  const boot = input.decision.purpose === "local" || input.decision.purpose === "none" ? undefined : bootOf(input);
  if (boot === undefined) return null;
  const words = program === "ipxe" ? ["initrd=boot-initrd", ...boot.words] : boot.words.map(bareWord);
  return [...words, ...(input.mac === null ? [] : [`BOOTIF=${bootInterface(input.mac)}`])].join(" ");
}

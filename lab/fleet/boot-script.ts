/** What a boot script tells a machine to do. */
export type BootOrder =
  | { readonly kind: "kernel"; readonly kernel: string; readonly initrd: string; readonly words: readonly string[] }
  | { readonly kind: "disk" }
  | { readonly kind: "poweroff" }
  /** Nothing to boot now: the script has the machine wait and ask again. */
  | { readonly kind: "wait" };

/** Reads an iPXE script (ipxe.org/scripting) as far as boots of machines use it. */
export function readIpxeScript(text: string): BootOrder {
  const kernel = /^kernel (\S+) (.*?)(?: \|\| goto \S+)?$/m.exec(text);
  const initrd = /^initrd (?:--name \S+ )?(\S+)/m.exec(text);
  if (kernel !== null && initrd !== null) return kernelOrder(kernel[1] ?? "", initrd[1] ?? "", kernel[2] ?? "");
  if (/^sanboot /m.test(text)) return { kind: "disk" };
  return /^poweroff\b/m.test(text) ? { kind: "poweroff" } : { kind: "wait" };
}

/**
 * Reads a GRUB configuration as far as boots of machines use it, as a GRUB with its HTTP module does: `(http,HOST)/PATH`
 * is fetched over HTTP.
 */
export function readGrubScript(text: string): BootOrder {
  const linux = /^if linux (\S+) (.*); then$/m.exec(text);
  const initrd = /^\s*if initrd (\S+); then/m.exec(text);
  const url = (file: string): string => file.replace(/^\(http,([^)]+)\)/, "http://$1");
  if (linux !== null && initrd !== null)
    return kernelOrder(url(linux[1] ?? ""), url(initrd[1] ?? ""), (linux[2] ?? "").replaceAll("'", ""));
  if (text.includes("chainloader ")) return { kind: "disk" };
  return /^halt$/m.test(text) ? { kind: "poweroff" } : { kind: "wait" };
}

function kernelOrder(kernel: string, initrd: string, line: string): BootOrder {
  return { kind: "kernel", kernel, initrd, words: line.split(/\s+/).filter((word) => word !== "") };
}

/** The value of `name=` or `name:` on a kernel command line. */
export function wordOf(words: readonly string[], name: string): string | undefined {
  return words.find((word) => word.startsWith(name))?.slice(name.length);
}

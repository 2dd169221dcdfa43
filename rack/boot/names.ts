import { type Architecture, architecture } from "@rackwright/contract/rack";

/** What a boot program asks for by a file name. */
export type BootName =
  | { readonly kind: "loader"; readonly name: string }
  /** A file of an image by its content, as boot scripts name kernels. */
  | { readonly kind: "image"; readonly sha256: string }
  /** The first script: it names the machine's own one. */
  | { readonly kind: "ipxe-start" | "grub-start" }
  | { readonly kind: "ipxe" | "grub"; readonly mac: string }
  /** The last name tried, for machines whose own name is not answered. */
  | { readonly kind: "ipxe" | "grub"; readonly architecture: Architecture };

/** GRUB looks in `/grub`, and builds for other places in these. */
const grubScript = /^(?:(?:boot\/)?grub\/|efi\/[a-z0-9_-]+\/)?grub\.cfg(?:-(.+))?$/;
const ipxeScript = /^ipxe\.cfg(?:-(.+))?$/;
const imageFile = /^images\/([0-9a-f]{64})\/[a-z0-9._-]+$/;
/** What GRUB lacks and looks for beside its configuration. */
const grubModule = /^(?:boot\/)?grub\/[a-z0-9_]+-efi\/([a-z0-9_]+\.mod)$/;
const loaderFile = /^(?:images\/|efi\/boot\/|boot\/)?([a-z0-9._-]+)$/;

/**
 * Sorts a normalised path (no leading slash, `/` as separator) by what answers it; undefined for names nothing answers:
 * loaders try one name after another, so "no such file" is an answer they wait for. Upper and lower case are alike, for
 * UEFI firmware writes BOOTX64.EFI.
 */
export function parseBootName(path: string): BootName | undefined {
  const name = path.toLowerCase();
  const ipxe = ipxeScript.exec(name);
  if (ipxe !== null) return script("ipxe", ipxe[1]);
  const grub = grubScript.exec(name);
  if (grub !== null) return script("grub", grub[1]);
  const sha256 = imageFile.exec(name)?.[1];
  if (sha256 !== undefined) return { kind: "image", sha256 };
  const loader = (grubModule.exec(name) ?? loaderFile.exec(name))?.[1];
  return loader === undefined ? undefined : { kind: "loader", name: loader };
}

function script(kind: "ipxe" | "grub", suffix: string | undefined): BootName | undefined {
  if (suffix === undefined) return { kind: `${kind}-start` };
  // GRUB's own search writes the hardware type before the address, as pxelinux does.
  const mac = /^(?:01-)?((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})$/.exec(suffix)?.[1]?.replaceAll("-", ":");
  if (mac !== undefined) return { kind, mac };
  if (suffix === "default") return { kind, architecture: "amd64" };
  const wanted = /^default-([a-z0-9_]+)/.exec(suffix)?.[1];
  const known = architecture.safeParse(wanted === "x86_64" ? "amd64" : wanted);
  return known.success ? { kind, architecture: known.data } : undefined;
}

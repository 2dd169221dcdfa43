import type { BootClient } from "@rackwright/contract/rack";
import type { BootReply, ClientClass, ClientKind } from "@rackwright/dhcp";

/** The contract's word for a kind of client. */
export function bootClientOf(kind: ClientKind): BootClient {
  switch (kind) {
    case "ipxe":
    case "pxe-bios":
    case "pxe-uefi-x64":
    case "http-uefi-x64":
    case "pxe-uefi-arm64":
    case "http-uefi-arm64":
      return kind;
    case "raspberry-pi":
    case "onie":
    case "netboot-other":
    case "other":
      return "other";
  }
}

/** Where a rack serves files, and which loaders it can serve. */
export interface RackFiles {
  address: string;
  httpPort: number;
  /** Whether a boot loader of this name can be served. */
  hasLoader: (name: string) => boolean;
}

/**
 * The loader for UEFI HTTP Boot: iPXE over the firmware's own network driver. Signed GRUB that came by HTTP (Debian's
 * 2.06) neither knows the network nor finds a configuration and stays at its prompt for good.
 */
const httpLoader = "snponly.efi";

/**
 * The boot file a kind of client is given, with the options its firmware insists on, whether or not the file is here.
 * Undefined for firmware that has no loader (32-bit UEFI, PowerPC …): it gets an address and no file.
 *
 * iPXE gets its machine's script, never a loader again, or it would load itself for ever. A UEFI HTTP client drops an
 * answer without option 60 `HTTPClient`. PXE firmware is told by file name only: the client of EDK2, and so of most
 * servers, reads option 60 `PXEClient` without boot servers in option 43 as "the file is told on port 4011" (a BINL
 * offer), asks there in vain and gives up. A Raspberry Pi goes on only with both.
 */
export function loaderReply(client: ClientClass, mac: string, files: RackFiles): BootReply | undefined {
  const { address: nextServer, httpPort, hasLoader } = files;
  const http = `http://${nextServer}:${httpPort}/`;
  switch (client.kind) {
    case "ipxe":
      return { nextServer, bootFile: `${http}ipxe.cfg-${mac.replaceAll(":", "-")}`, ipxeNoProxy: true };
    case "pxe-bios":
      return { nextServer, bootFile: "undionly.kpxe" };
    case "pxe-uefi-x64":
      return { nextServer, bootFile: "bootx64.efi" };
    case "pxe-uefi-arm64":
      return { nextServer, bootFile: "bootaa64.efi" };
    case "http-uefi-x64": {
      const loader = hasLoader(httpLoader) ? httpLoader : "bootx64.efi";
      return { nextServer, bootFile: `${http}images/${loader}`, vendorClass: "HTTPClient" };
    }
    case "http-uefi-arm64":
      return { nextServer, bootFile: `${http}images/bootaa64.efi`, vendorClass: "HTTPClient" };
    case "raspberry-pi":
      return { nextServer, bootFile: "bootaa64.efi", vendorClass: "PXEClient", vendorSpecific: "raspberry-pi" };
    case "onie":
    case "netboot-other":
    case "other":
      return undefined;
  }
}

/** The loader a client is sent to, as files are named here; undefined for none and for iPXE, which gets a script. */
export function loaderOf(client: ClientClass, reply: BootReply | undefined): string | undefined {
  return client.kind === "ipxe" ? undefined : reply?.bootFile?.split("/").at(-1);
}

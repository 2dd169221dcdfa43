import type { BootClient } from "@rackwright/contract";
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

/** Where a rack serves files. */
export interface RackFiles {
  address: string;
  httpPort: number;
}

/**
 * The boot file a kind of client is given, with the options its firmware insists on. Undefined for firmware that has no
 * loader here (32-bit UEFI, PowerPC …): it gets an address and no file.
 *
 * iPXE gets the script, never a loader again, or it would load itself for ever. A UEFI HTTP client drops an answer
 * without option 60 `HTTPClient`. BIOS ROMs are told by option 43 not to look for boot servers; UEFI and iPXE are not,
 * for some then ignore a plain file name.
 */
export function loaderReply(client: ClientClass, { address, httpPort }: RackFiles): BootReply | undefined {
  const http = `http://${address}:${httpPort}/`;
  switch (client.kind) {
    case "ipxe":
      return { nextServer: address, bootFile: `${http}ipxe.cfg`, ipxeNoProxy: true };
    case "pxe-bios":
      return {
        nextServer: address,
        bootFile: "lpxelinux.0",
        vendorClass: "PXEClient",
        vendorSpecific: "direct",
        pathPrefix: http,
      };
    case "pxe-uefi-x64":
      return { nextServer: address, bootFile: "bootx64.efi", vendorClass: "PXEClient" };
    case "pxe-uefi-arm64":
      return { nextServer: address, bootFile: "bootaa64.efi", vendorClass: "PXEClient" };
    case "http-uefi-x64":
      return { nextServer: address, bootFile: `${http}images/bootx64.efi`, vendorClass: "HTTPClient" };
    case "http-uefi-arm64":
      return { nextServer: address, bootFile: `${http}images/bootaa64.efi`, vendorClass: "HTTPClient" };
    case "raspberry-pi":
      return {
        nextServer: address,
        bootFile: "bootaa64.efi",
        vendorClass: "PXEClient",
        vendorSpecific: "raspberry-pi",
      };
    case "onie":
    case "netboot-other":
    case "other":
      return undefined;
  }
}

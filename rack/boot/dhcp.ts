import type { BootDecision, BootRequest } from "@rackwright/contract";
import type { BootReply } from "@rackwright/dhcp";
import { bootClientOf, loaderReply, type RackFiles } from "../dhcp/boot-reply.ts";
import type { BootQuestion, DecideBoot } from "../dhcp/world.ts";

export interface DhcpBootOptions {
  readonly decide: (request: BootRequest) => Promise<BootDecision>;
  readonly httpPort: () => number;
  /** Whether a boot loader of this name can be served. */
  readonly hasLoader: (name: string) => boolean;
  readonly missing: (loader: string, question: BootQuestion) => void;
}

/** The loader an old BIOS ROM is given. */
const biosLoader = "undionly.kpxe";
/**
 * The loader for UEFI HTTP Boot: iPXE over the firmware's own network driver. Signed GRUB that came by HTTP (Debian's
 * 2.06) neither knows the network nor finds a configuration and stays at its prompt for good.
 */
const httpLoader = "snponly.efi";

/** Translates decisions into the boot fields of DHCP answers: which loader for which kind of client. */
export function dhcpBoot(options: DhcpBootOptions): DecideBoot {
  return async (question) => {
    const decision = await options.decide(dhcpRequest(question));
    // Also a machine that boots from its disk is given a loader: firmware waits long for an answer without one.
    if (decision.purpose === "none") return undefined;
    return loaderFor(question, options);
  };
}

/** The question for the region. */
export function dhcpRequest({ client, mac, rackAddress, address }: BootQuestion): BootRequest {
  return {
    mac,
    uuid: client.guid ?? null,
    client: bootClientOf(client.kind),
    firmware: client.firmware ?? null,
    architecture: client.architecture ?? null,
    architecture_code: client.architectureCode ?? null,
    rack_address: rackAddress,
    address: address ?? null,
    stage: "dhcp",
  };
}

function loaderFor(question: BootQuestion, { httpPort, hasLoader, missing }: DhcpBootOptions): BootReply | undefined {
  const { client, mac, rackAddress } = question;
  const files = { address: rackAddress, httpPort: httpPort() };
  if (client.kind === "ipxe") {
    const bootFile = `http://${files.address}:${files.httpPort}/ipxe.cfg-${mac.replaceAll(":", "-")}`;
    return { nextServer: rackAddress, bootFile, ipxeNoProxy: true };
  }
  if (client.kind === "http-uefi-x64" && hasLoader(httpLoader)) {
    const bootFile = `http://${files.address}:${files.httpPort}/images/${httpLoader}`;
    return { nextServer: rackAddress, bootFile, vendorClass: "HTTPClient" };
  }
  const reply =
    client.kind === "pxe-bios" ? { nextServer: rackAddress, bootFile: biosLoader } : uefiReply(client, files);
  const loader = reply?.bootFile?.split("/").at(-1);
  if (loader === undefined || hasLoader(loader)) return reply;
  missing(loader, question);
  return undefined;
}

/**
 * The PXE client of EDK2, and so of most servers, reads option 60 `PXEClient` without boot servers in option 43 as "the
 * file is told on port 4011" (a BINL offer): it asks there in vain and gives up. Without option 60 it takes the file.
 */
function uefiReply(client: BootQuestion["client"], files: RackFiles): BootReply | undefined {
  const reply = loaderReply(client, files);
  if (reply?.vendorClass !== "PXEClient" || reply.vendorSpecific !== undefined) return reply;
  const { vendorClass: _, ...plain } = reply;
  return plain;
}

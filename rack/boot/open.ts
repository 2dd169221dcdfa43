import type { Architecture, BootClient, BootDecision, BootRequest, ImageFile } from "@rackwright/contract/rack";
import { bytesSource, type FileClient, type FileSource, type OpenFile } from "../images/index.ts";
import { grubScript, grubStart } from "./grub.ts";
import { ipxeScript, ipxeStart } from "./ipxe.ts";
import { parseBootName } from "./names.ts";

export interface OpenBootOptions {
  readonly decide: (request: BootRequest) => Promise<BootDecision>;
  readonly httpPort: () => number;
  /** The loader of this name, in lower case. */
  readonly loader: (name: string) => ImageFile | undefined;
  /** The content of a file, fetched from the region where it is not here yet. */
  readonly openFile: (file: Pick<ImageFile, "sha256">) => Promise<FileSource | undefined>;
}

/** Answers TFTP and HTTP requests for boot loaders, boot scripts and kernels; undefined = there is no such file. */
export function openBoot(options: OpenBootOptions): OpenFile {
  return async (path, client) => {
    const name = parseBootName(path);
    if (name === undefined) return undefined;
    const rack = `${client.localAddress}:${options.httpPort()}`;
    if (name.kind === "loader") {
      const file = options.loader(name.name);
      return file === undefined ? undefined : options.openFile(file);
    }
    if (name.kind === "image") return options.openFile(name);
    if (name.kind === "ipxe-start") return text(ipxeStart(rack));
    if (name.kind === "grub-start") return text(grubStart());
    const mac = "mac" in name ? name.mac : null;
    const program = name.kind;
    const decision = await options.decide(
      scriptRequest(program, mac, "architecture" in name ? name.architecture : null, client),
    );
    const input = { decision, mac, rack };
    return text(program === "ipxe" ? ipxeScript(input) : grubScript(input, client.protocol));
  };
}

function scriptRequest(
  program: BootClient & ("ipxe" | "grub"),
  mac: string | null,
  architecture: Architecture | null,
  client: FileClient,
): BootRequest {
  return {
    mac,
    uuid: null,
    client: program,
    // Only UEFI firmware is given GRUB; iPXE runs on both.
    firmware: program === "grub" ? "uefi" : null,
    architecture,
    architecture_code: null,
    rack_address: client.localAddress,
    address: client.address,
    stage: "script",
  };
}

const text = (script: string): FileSource => bytesSource(Buffer.from(script, "utf8"));

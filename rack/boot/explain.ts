import { createHash } from "node:crypto";
import {
  LinkFailure,
  makeFailure,
  rackDeviceUnknown,
  type BootDecision,
  type BootForesight,
  type BootProgramName,
  type BootRequest,
  type ExplainedDhcp,
  type ExplainedFile,
  type ImageFile,
  type LeaseForesight,
  type LeaseOfferRequest,
  type RackExplainRequest,
  type RackExplanation,
} from "@rackwright/contract/rack";
import { readText } from "@rackwright/dhcp";
import { type DhcpExplainer, type ExplainedClient, type Foreseeing, NoDeviceError } from "../dhcp/index.ts";
import type { FileClient, FileSource } from "../images/index.ts";
import { dhcpBoot } from "./dhcp.ts";
import { openBoot } from "./open.ts";
import { kernelCommandLine } from "./script.ts";

export interface ExplainOptions {
  /** The region's answers, given without a trace. */
  readonly foresee: (request: BootRequest) => Promise<BootForesight>;
  readonly foreseeLease: (request: LeaseOfferRequest) => Promise<LeaseForesight>;
  readonly dhcp: (foresee: Foreseeing) => DhcpExplainer;
  readonly httpPort: () => number;
  readonly loader: (name: string) => ImageFile | undefined;
  readonly openFile: (file: Pick<ImageFile, "sha256">) => Promise<FileSource | undefined>;
}

type Stage = RackExplanation["stages"][number];

/** What each loader fetches next, after the code in it: iPXE asks by DHCP again, a shim starts the GRUB beside it. */
const loaders: Readonly<Record<string, "ipxe" | { second: string }>> = {
  "undionly.kpxe": "ipxe",
  "snponly.efi": "ipxe",
  "bootx64.efi": { second: "grubx64.efi" },
  "bootaa64.efi": { second: "grubaa64.efi" },
};
/** More is no boot script. */
const longestScript = 256 * 1024;

/**
 * Walks the chain of a network boot, firmware → loader → kernel, through the code that answers packets and file
 * requests, with the region's answers foreseen instead of given. Nothing is leased, recorded or sent.
 *
 * @throws LinkFailure where this rack could not answer at all
 */
export async function explainBoot(request: RackExplainRequest, options: ExplainOptions): Promise<RackExplanation> {
  const { httpPort, loader } = options;
  const asked: RackExplanation["asked"] = [];
  const missing: string[] = [];
  const decide = async (question: BootRequest): Promise<BootDecision> => {
    const foresight = await options.foresee(question);
    asked.push({ request: question, foresight });
    return foresight.decision;
  };
  const explainDhcp = options.dhcp({
    lease: options.foreseeLease,
    decideBoot: dhcpBoot({
      decide,
      httpPort,
      hasLoader: (name) => loader(name) !== undefined,
      missing: (name) => void missing.push(name),
    }),
  });
  const ask = async (program: "pxe" | "uefi-http" | "ipxe"): Promise<ExplainedClient> => {
    const { mac, architecture_code: architectureCode, interface: device, relay } = request;
    // iPXE says PXE's number of its platform, however it was loaded itself.
    const code = program === "ipxe" ? (ipxeCodes[architectureCode] ?? architectureCode) : architectureCode;
    const uuid = request.uuid ?? undefined;
    try {
      return await explainDhcp({ mac, program, architectureCode: code, uuid }, { interface: device, relay });
    } catch (error) {
      if (!(error instanceof NoDeviceError)) throw error;
      throw new LinkFailure(makeFailure(rackDeviceUnknown, `No packet could come in: ${error.message}.`));
    }
  };
  const open = openBoot({ decide, httpPort, loader, openFile: options.openFile });
  const stages: Stage[] = [];
  const result = (commandLine: string | null): RackExplanation => ({ stages, asked, command_line: commandLine });

  let scripts: "ipxe" | "grub" | undefined = request.client === "grub" ? "grub" : undefined;
  const first = await ask(request.client === "grub" ? "pxe" : request.client);
  let { dhcp } = first;
  let last: Stage = stageOf(request.client, first, request.client !== "grub");
  stages.push(last);
  for (const name of missing.splice(0))
    last.dhcp?.problems.push(`the boot loader ${name} is in no image of the region`);
  if (request.client === "ipxe") scripts = "ipxe";
  else if (scripts === undefined) {
    const name = bootFileOf(dhcp)?.split("/").at(-1);
    if (name === undefined) return result(null);
    last.files.push(loaderFile(urlOf(dhcp), loader(name.toLowerCase())));
    const next = loaders[name];
    if (next === undefined) return result(null);
    if (next === "ipxe") {
      const second = await ask("ipxe");
      ({ dhcp } = second);
      last = stageOf("ipxe", second, true);
      stages.push(last);
      scripts = "ipxe";
    } else {
      last.files.push(loaderFile(urlOf(dhcp).replace(/[^/]+$/, next.second), loader(next.second)));
      last = { program: "grub", client: "grub", dhcp: null, files: [] };
      stages.push(last);
      scripts = "grub";
    }
  }
  if (dhcp.address === null || (scripts === "ipxe" && bootFileOf(dhcp) === undefined)) return result(null);
  const protocol = scripts === "ipxe" || bootFileOf(dhcp)?.startsWith("http:") === true ? "http" : "tftp";
  const client: FileClient = { address: dhcp.address, localAddress: dhcp.rack_address, protocol };
  const base = protocol === "http" ? `http://${dhcp.rack_address}:${httpPort()}/` : `tftp://${dhcp.rack_address}/`;
  const own = request.mac.replaceAll(":", "-");
  const paths =
    scripts === "ipxe"
      ? [bootFileOf(dhcp)?.slice(base.length) ?? `ipxe.cfg-${own}`]
      : ["grub/grub.cfg", `grub/grub.cfg-${request.mac}`];
  for (const path of paths) last.files.push(await scriptFile(base + path, () => open(path, client)));
  const decision = asked.at(-1)?.foresight.decision;
  const rack = `${dhcp.rack_address}:${httpPort()}`;
  return result(decision === undefined ? null : kernelCommandLine({ decision, mac: request.mac, rack }, scripts));
}

/** PXE's number for the platforms whose firmware boots over HTTP (IANA). */
const ipxeCodes: Readonly<Record<number, number>> = { 16: 7, 19: 11, 20: 0 };

function stageOf(program: BootProgramName, { client, dhcp }: ExplainedClient, asks: boolean): Stage {
  return { program, client: program === "grub" ? "grub" : client.kind, dhcp: asks ? dhcp : null, files: [] };
}

/** The file named to the client in the last answer it gets. */
function bootFileOf({ answer, offer }: ExplainedDhcp): string | undefined {
  const told = answer?.type === "ack" ? answer : offer;
  const long = told?.options.find(({ code }) => code === 67)?.hex ?? "";
  const file = told?.file === "" ? readText(Buffer.from(long, "hex")) : told?.file;
  return file === undefined || file === "" ? undefined : file;
}

function urlOf(dhcp: ExplainedDhcp): string {
  const file = bootFileOf(dhcp) ?? "";
  return file.includes("://") ? file : `tftp://${dhcp.answer?.next_server ?? dhcp.rack_address}/${file}`;
}

function loaderFile(url: string, file: ImageFile | undefined): ExplainedFile {
  const found = { sha256: file?.sha256 ?? null, size: file?.size ?? null };
  return { url, kind: "loader", ...found, text: null, problem: file === undefined ? "it is in no image" : null };
}

async function scriptFile(url: string, open: () => Promise<FileSource | undefined>): Promise<ExplainedFile> {
  const told = { url, kind: "script" as const, sha256: null, size: null, text: null };
  try {
    const source = await open();
    if (source === undefined) return { ...told, problem: "there is no such file" };
    const bytes = await source.read(0, Math.min(source.size, longestScript));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { ...told, sha256, size: source.size, text: Buffer.from(bytes).toString("utf8"), problem: null };
  } catch (error) {
    return { ...told, problem: error instanceof Error ? error.message : String(error) };
  }
}

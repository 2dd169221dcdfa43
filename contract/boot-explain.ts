import { z } from "zod";
import { bootDecision, bootPurpose, bootRequest } from "./boot.ts";
import { failure } from "./failures.ts";
import { architecture, hostname, ipv4Address, ipv4Cidr, macAddress, sha256, systemId } from "./values.ts";

/** Platforms by GRUB's names, each with what its firmware says in DHCP option 93 over PXE and over HTTP boot (IANA). */
export const bootPlatforms = {
  bios: { pxe: 0, http: 20 },
  "i386-efi": { pxe: 6, http: 15 },
  "x86_64-efi": { pxe: 7, http: 16 },
  "arm-efi": { pxe: 10, http: 18 },
  "arm64-efi": { pxe: 11, http: 19 },
  "riscv64-efi": { pxe: 27, http: 28 },
} as const;
export const bootPlatform = z
  .string()
  .regex(
    new RegExp(`^(?:${Object.keys(bootPlatforms).join("|")}|[0-9]{1,4})$`),
    `must be ${Object.keys(bootPlatforms).join(", ")} or the number of DHCP option 93`,
  );

/** What asks: the firmware over PXE or HTTP, or a loader that runs already. */
export const bootProgram = z.enum(["pxe", "uefi-http", "ipxe", "grub"]);
export type BootProgramName = z.infer<typeof bootProgram>;

const uuid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/, "must be a UUID as SMBIOS tools print it");
const device = z.string().min(1).max(15);

/** "Why would it boot that?": what an operator asks about one network card. */
export const bootExplainQuery = z.object({
  mac: macAddress.describe("the network card that boots"),
  arch: bootPlatform
    .optional()
    .describe("platform of its firmware; by default what is on record of it, else x86_64-efi"),
  client: bootProgram.default("pxe").describe("what asks: pxe, uefi-http, ipxe or grub"),
  uuid: uuid.optional().describe("the machine's SMBIOS UUID; by default what is on record of it"),
  rack: hostname.optional().describe("ask this rack; by default the one that saw the card last, or that serves it"),
  interface: device.optional().describe("the rack's network device the packet would come in on"),
  relay: ipv4Address.optional().describe("address of the DHCP relay agent it would come through"),
});
export type BootExplainQuery = z.output<typeof bootExplainQuery>;

/** One rule of the region's decision, and how it fared. */
export const ruleOutcome = z.object({
  name: z.string(),
  purpose: bootPurpose,
  outcome: z.enum(["won", "lost", "not reached"]),
  why: z.string(),
});
export type RuleOutcome = z.infer<typeof ruleOutcome>;

/** A decision with everything it came from. What it would be, not what it was: nothing is recorded. */
export const bootForesight = z.object({
  decision: bootDecision,
  rules: z.array(ruleOutcome),
  machine: z
    .object({
      id: systemId,
      hostname: z.string(),
      status: z.string(),
      matched_by: z.enum(["mac", "uuid"]),
      image: z.string().nullable(),
    })
    .nullable()
    .describe("the machine it is taken for; null: a stranger"),
  files: z
    .array(z.object({ role: z.string(), image: z.string(), name: z.string(), sha256, size: z.int() }))
    .describe("kernel, initrd and root image it would fetch"),
  failure: failure.nullable().describe("what would be reported, where nothing can be booted"),
});
export type BootForesight = z.infer<typeof bootForesight>;

/** The same question as a rack is asked it. */
export const rackExplainRequest = z.object({
  mac: macAddress,
  uuid: uuid.nullable(),
  client: bootProgram,
  architecture_code: z.int().min(0).max(9999),
  interface: device.nullable(),
  relay: ipv4Address.nullable(),
});
export type RackExplainRequest = z.infer<typeof rackExplainRequest>;

/** A DHCP answer as it would be on the wire. `hex` is the whole UDP payload; transaction id and flags are examples. */
export const explainedMessage = z.object({
  type: z.enum(["offer", "ack", "nak"]),
  destination: z.string(),
  address: ipv4Address.describe("yiaddr"),
  next_server: ipv4Address.describe("siaddr"),
  file: z.string(),
  options: z.array(z.object({ code: z.int(), name: z.string(), value: z.string(), hex: z.string() })),
  hex: z.string(),
});
export type ExplainedMessage = z.infer<typeof explainedMessage>;

export const explainedDhcp = z.object({
  interface: z.string(),
  rack_address: ipv4Address.describe("the rack as this client sees it"),
  relay: ipv4Address.nullable(),
  link: z.array(ipv4Cidr).describe("served subnets on the client's link"),
  subnet: ipv4Cidr.nullable().describe("the subnet its address is in"),
  address: ipv4Address.nullable(),
  source: z.enum(["host", "lease", "offer", "region"]).nullable(),
  source_words: z.string().describe("where the address comes from"),
  lease_seconds: z.int().nullable(),
  offer: explainedMessage.nullable(),
  answer: explainedMessage.nullable().describe("to the REQUEST that follows the offer"),
  problems: z.array(z.string()).describe("what would be reported: why there is no answer, or no file"),
});
export type ExplainedDhcp = z.infer<typeof explainedDhcp>;

export const explainedFile = z.object({
  url: z.string(),
  kind: z.enum(["loader", "script"]),
  sha256: sha256.nullable(),
  size: z.int().nullable(),
  text: z.string().nullable().describe("of a script"),
  problem: z.string().nullable().describe("why it would not be served"),
});
export type ExplainedFile = z.infer<typeof explainedFile>;

/** One program of the chain firmware → loader → kernel: what it asks by DHCP, and the files it then fetches in order. */
export const explainedStage = z.object({
  program: bootProgram,
  client: z.string().describe("what the DHCP server takes it for"),
  dhcp: explainedDhcp.nullable().describe("null: it goes on with the answer of the program before"),
  files: z.array(explainedFile),
});
export type ExplainedStage = z.infer<typeof explainedStage>;

/** What a rack would put on the wire, made by the code that answers packets. */
export const rackExplanation = z.object({
  stages: z.array(explainedStage),
  asked: z.array(z.object({ request: bootRequest, foresight: bootForesight })).describe("what the region was asked"),
  command_line: z.string().nullable().describe("the kernel's, as the loader hands it on"),
});
export type RackExplanation = z.infer<typeof rackExplanation>;

/** The whole answer to "why would it boot that?". */
export const bootExplanation = z.object({
  mac: macAddress,
  arch: bootPlatform,
  architecture: architecture.nullable(),
  client: bootProgram,
  uuid: z.string().nullable(),
  place: z
    .object({ rack: z.string(), interface: z.string().nullable(), why: z.string() })
    .nullable()
    .describe("who would answer; null: nobody"),
  ...bootForesight.shape,
  stages: z.array(explainedStage),
  command_line: z.string().nullable(),
  problem: failure.nullable().describe("why the wire cannot be told; the decision still stands"),
});
export type BootExplanation = z.infer<typeof bootExplanation>;

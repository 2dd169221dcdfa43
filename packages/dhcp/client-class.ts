import type { DhcpMessage } from "./message.ts";
import { readTextOption, readU16s, readUserClass } from "./option-values.ts";
import { readSubOptions } from "./sub-options.ts";

/** What kind of program sent a message. `netboot-other` is firmware for which there is no loader. */
export type ClientKind =
  | "ipxe"
  | "pxe-bios"
  | "pxe-uefi-x64"
  | "http-uefi-x64"
  | "pxe-uefi-arm64"
  | "http-uefi-arm64"
  | "raspberry-pi"
  | "onie"
  | "netboot-other"
  | "other";

/** What a client says about itself; see `classifyClient`. */
export interface ClientClass {
  kind: ClientKind;
  /** Asks for a boot file: option 60 begins with PXEClient or HTTPClient, or it is iPXE or ONIE. */
  netboot: boolean;
  /** Option 93 as it came; IANA's processor architecture types. */
  architectures: number[];
  /** The architecture type that decided the kind. */
  architectureCode: number | undefined;
  architecture: "amd64" | "arm64" | undefined;
  firmware: "bios" | "uefi" | undefined;
  vendorClass: string | undefined;
  userClass: string[];
  /** The machine's UUID (option 97) with the first three fields little-endian, as SMBIOS has it from 2.6 on. */
  guid: string | undefined;
  /** The same sixteen bytes in network order: some firmware sends them so. */
  guidBigEndian: string | undefined;
  /** Feature sub-options of option 175 that are set, by number; empty when the client is not iPXE. */
  ipxeFeatures: number[];
}

interface ArchitectureKnown {
  kind: ClientKind;
  architecture: "amd64" | "arm64" | undefined;
  firmware: "bios" | "uefi" | undefined;
}

/**
 * IANA's "Processor Architecture Types". RFC 4578 2.1 prints 7 and 9 the other way round; firmware follows IANA, and an
 * x64 loader serves both.
 */
const architectureKinds: ReadonlyMap<number, ArchitectureKnown> = new Map<number, ArchitectureKnown>([
  [0, { kind: "pxe-bios", architecture: "amd64", firmware: "bios" }],
  [6, { kind: "netboot-other", architecture: undefined, firmware: "uefi" }],
  [7, { kind: "pxe-uefi-x64", architecture: "amd64", firmware: "uefi" }],
  [9, { kind: "pxe-uefi-x64", architecture: "amd64", firmware: "uefi" }],
  [10, { kind: "netboot-other", architecture: undefined, firmware: "uefi" }],
  [11, { kind: "pxe-uefi-arm64", architecture: "arm64", firmware: "uefi" }],
  [15, { kind: "netboot-other", architecture: undefined, firmware: "uefi" }],
  [16, { kind: "http-uefi-x64", architecture: "amd64", firmware: "uefi" }],
  [17, { kind: "http-uefi-x64", architecture: "amd64", firmware: "uefi" }],
  [19, { kind: "http-uefi-arm64", architecture: "arm64", firmware: "uefi" }],
  [20, { kind: "netboot-other", architecture: "amd64", firmware: "bios" }],
  [22, { kind: "pxe-uefi-arm64", architecture: "arm64", firmware: "uefi" }],
  [24, { kind: "http-uefi-arm64", architecture: "arm64", firmware: "uefi" }],
  [41, { kind: "raspberry-pi", architecture: "arm64", firmware: undefined }],
]);

/** Boards whose ROM says architecture 0 and is no PC (organisationally unique identifiers of Raspberry Pi). */
const raspberryPrefixes = ["b8:27:eb", "dc:a6:32", "e4:5f:01", "28:cd:c1", "d8:3a:dd"];

const ipxeHttp = 19;
const ipxeBzImage = 24;
const ipxeEfi = 36;

/**
 * Who is asking, from options 60, 77, 93, 97 and 175 (RFC 2132 9.13, RFC 3004, RFC 4578). Never throws: a broken option
 * counts as absent. An iPXE that shows its features but lacks HTTP is classified by its architecture, so that it is
 * given a full loader.
 */
export function classifyClient(message: DhcpMessage): ClientClass {
  const { options } = message;
  const vendorClass = readTextOption(options, 60);
  const classValue = options.get(77);
  const userClass = classValue === undefined ? [] : readUserClass(classValue);
  const archValue = options.get(93);
  const architectures = archValue === undefined ? [] : readU16s(archValue);
  const ipxeFeatures = readIpxeFeatures(options.get(175));
  const ipxe = isIpxe(userClass, options.has(175), ipxeFeatures);
  const asksFile = vendorClass !== undefined && /^(PXE|HTTP)Client/.test(vendorClass);
  const onie = vendorClass?.startsWith("onie_vendor:") === true || userClass.includes("onie_dhcp_user_class");
  const netboot = asksFile || ipxe || onie;
  const guids = readGuid(options.get(97));
  const { code, known } = chooseArchitecture(message.mac, architectures, vendorClass);
  let kind: ClientKind = netboot ? (known?.kind ?? "netboot-other") : "other";
  if (onie) kind = "onie";
  if (ipxe) kind = "ipxe";
  return {
    kind,
    netboot,
    architectures,
    architectureCode: code,
    architecture: known?.architecture,
    firmware: known?.firmware,
    vendorClass,
    userClass,
    guid: guids?.little,
    guidBigEndian: guids?.big,
    ipxeFeatures,
  };
}

function isIpxe(userClass: string[], encapsulated: boolean, features: number[]): boolean {
  const capable = features.includes(ipxeHttp) && (features.includes(ipxeBzImage) || features.includes(ipxeEfi));
  return capable || (userClass.includes("iPXE") && (!encapsulated || features.includes(ipxeHttp)));
}

function chooseArchitecture(
  mac: string,
  listed: number[],
  vendorClass: string | undefined,
): { code: number | undefined; known: ArchitectureKnown | undefined } {
  const said = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass ?? "")?.[1];
  const candidates = listed.length > 0 || said === undefined ? listed : [Number(said)];
  const bare = candidates.length === 0 && vendorClass?.startsWith("PXEClient") === true ? [0] : candidates;
  let code = bare.find((each) => (architectureKinds.get(each)?.kind ?? "netboot-other") !== "netboot-other") ?? bare[0];
  if (code === 0 && raspberryPrefixes.includes(mac.slice(0, 8))) code = 41;
  return { code, known: code === undefined ? undefined : architectureKinds.get(code) };
}

function readIpxeFeatures(value: Uint8Array | undefined): number[] {
  const parts = value === undefined ? undefined : readSubOptions(value);
  if (parts === undefined) return [];
  return [...parts].filter(([, part]) => part.length === 1 && part[0] !== 0).map(([code]) => code);
}

function readGuid(value: Uint8Array | undefined): { little: string; big: string } | undefined {
  if (value?.length !== 17 || value[0] !== 0) return undefined;
  const hex = Buffer.from(value.subarray(1)).toString("hex");
  const dashed = (text: string): string => text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const swap = (text: string): string => text.match(/../g)?.toReversed().join("") ?? "";
  const little = swap(hex.slice(0, 8)) + swap(hex.slice(8, 12)) + swap(hex.slice(12, 16)) + hex.slice(16);
  return { little: dashed(little), big: dashed(hex) };
}

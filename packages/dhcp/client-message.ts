import { parseMac } from "./address.ts";
import { broadcastFlag, MessageType, noAddress, Op, type DhcpMessage, type Options } from "./message.ts";
import { addressesValue, textValue, u16Value, u8Value } from "./option-values.ts";
import { writeSubOptions } from "./sub-options.ts";

/** A program that boots a machine from the network, as far as its DHCP messages show what it is. */
export interface BootProgram {
  mac: string;
  /** `pxe` and `uefi-http`: the firmware itself; `ipxe`: iPXE, whatever started it. */
  program: "pxe" | "uefi-http" | "ipxe";
  /** Option 93: IANA's processor architecture type. */
  architectureCode: number;
  /** The machine's UUID as SMBIOS tools print it; left out of the message when undefined. */
  uuid?: string | undefined;
}

/** Parameter lists (option 55) as real firmware sends them: EDK2 over PXE and over HTTP, Intel's boot agent, iPXE. */
const asked = {
  efi: [
    1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130,
    131, 132, 133, 134, 135,
  ],
  http: [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 241, 67, 97],
  bios: [
    1, 2, 3, 4, 5, 6, 11, 12, 13, 15, 16, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97, 128,
    129, 130, 131, 132, 133, 134, 135,
  ],
  ipxe: [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203],
} as const;

const biosCodes = [0, 20];
/** Option 175 as iPXE's full builds send it: the features by number (ipxe.org/howto/dhcpd), each "supported". */
const ipxeFeatures = [16, 17, 18, 19, 21, 23, 24, 25, 33, 34, 39, 41];
const ipxeEfiFeature = 36;

/** A message of a client that knows nothing of the network yet, with its options and what else is to be different. */
export function blankRequest(mac: string, options: Options, more: Partial<DhcpMessage> = {}): DhcpMessage {
  return {
    op: Op.request,
    hardwareType: 1,
    hardwareLength: 6,
    hops: 0,
    transactionId: 1,
    seconds: 0,
    flags: 0,
    clientAddress: noAddress,
    yourAddress: noAddress,
    serverAddress: noAddress,
    relayAddress: noAddress,
    hardwareAddress: parseMac(mac),
    mac,
    serverName: "",
    bootFile: "",
    options,
    ...more,
  };
}

/** What an address was offered with; makes a REQUEST of a DISCOVER (RFC 2131 table 5, state SELECTING). */
export interface ChosenOffer {
  address: string;
  server: string;
}

/**
 * The DISCOVER a boot program sends, or with `chosen` its REQUEST. Made after captures of real firmware (testdata), so
 * that a server answers it as it would answer the machine.
 *
 * @param relay address of the relay agent it comes through (giaddr); none when the client is on the server's own wire
 * @throws RangeError for a MAC address or UUID that is none
 */
export function bootProgramMessage(program: BootProgram, chosen?: ChosenOffer, relay: string = noAddress): DhcpMessage {
  const { mac, architectureCode } = program;
  const bios = biosCodes.includes(architectureCode);
  const ipxe = program.program === "ipxe";
  const options: Options = new Map();
  options.set(53, u8Value(chosen === undefined ? MessageType.discover : MessageType.request));
  options.set(57, u16Value(1472));
  options.set(93, u16Value(architectureCode));
  options.set(94, Uint8Array.of(1, bios ? 2 : 3, bios ? 1 : 0));
  options.set(60, textValue(vendorClass(program, bios)));
  options.set(55, Uint8Array.from(parameters(program, bios)));
  if (ipxe) addIpxe(options, mac, bios);
  if (program.uuid !== undefined) options.set(97, guidValue(program.uuid));
  if (chosen !== undefined) {
    options.set(54, addressesValue(chosen.server));
    options.set(50, addressesValue(chosen.address));
  }
  return blankRequest(mac, options, {
    hops: relay === noAddress ? 0 : 1,
    seconds: 4,
    // Firmware cannot receive before it has an address; iPXE can.
    flags: ipxe ? 0 : broadcastFlag,
    relayAddress: relay,
  });
}

function vendorClass({ program, architectureCode }: BootProgram, bios: boolean): string {
  const name = program === "uefi-http" ? "HTTPClient" : "PXEClient";
  const undi = bios ? "002001" : program === "ipxe" ? "003010" : "003000";
  return `${name}:Arch:${String(architectureCode).padStart(5, "0")}:UNDI:${undi}`;
}

function parameters({ program }: BootProgram, bios: boolean): readonly number[] {
  if (program === "ipxe") return asked.ipxe;
  if (program === "uefi-http") return asked.http;
  return bios ? asked.bios : asked.efi;
}

function addIpxe(options: Options, mac: string, bios: boolean): void {
  const features = bios ? ipxeFeatures : [...ipxeFeatures, ipxeEfiFeature];
  options.set(77, textValue("iPXE"));
  options.set(175, writeSubOptions(features.map((code): [number, Uint8Array] => [code, u8Value(1)])));
  options.set(61, Uint8Array.of(1, ...parseMac(mac).subarray(0, 6)));
}

/** Option 97 (RFC 4578 2.3): type 0 and the UUID, its first three fields little-endian as SMBIOS stores them. */
function guidValue(uuid: string): Uint8Array {
  const digits = uuid.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new RangeError(`uuid '${uuid}': must be 32 hexadecimal digits`);
  const bytes = Buffer.from(digits, "hex");
  const fields = [bytes.subarray(0, 4), bytes.subarray(4, 6), bytes.subarray(6, 8)].map((part) =>
    [...part].toReversed(),
  );
  return Uint8Array.of(0, ...fields.flat(), ...bytes.subarray(8));
}

import { addressesValue, textValue, u8Value } from "./option-values.ts";
import type { DhcpMessage } from "./message.ts";
import { writeSubOptions } from "./sub-options.ts";

/** What a netboot client is told, in the words of the fields it lands in. */
export interface BootReply {
  /** siaddr, and option 66 when it is asked for. */
  nextServer: string;
  /** File name or URL: the `file` field, and option 67 when asked for or too long for the field. */
  bootFile?: string;
  /** Option 60 of the answer: `HTTPClient` is mandatory for UEFI HTTP boot, `PXEClient` for several PXE stacks. */
  vendorClass?: "PXEClient" | "HTTPClient";
  /** Option 210 (RFC 5071 4), sent whether asked for or not. */
  pathPrefix?: string;
  /** Option 209 (RFC 5071 3). */
  configFile?: string;
  /** Option 43. `direct` says "use the file named here, look for no boot server" (PXE 2.1, tag 6 bit 3). */
  vendorSpecific?: "direct" | "raspberry-pi";
  /** Option 175 sub-option 176: iPXE need not wait for a second server's proxy offer. */
  ipxeNoProxy?: boolean;
  /** Further options by code; they win over the ones above. */
  options?: ReadonlyMap<number, Uint8Array>;
}

const longestFileField = 127;
const longestPathPrefix = 255;

/** Puts the boot file and its companions into an answer. Throws RangeError when a name is too long to be sent at all. */
export function addBootOptions(reply: DhcpMessage, boot: BootReply, asked: Uint8Array | undefined): void {
  const { options } = reply;
  reply.serverAddress = boot.nextServer;
  if (boot.vendorClass !== undefined) options.set(60, textValue(boot.vendorClass));
  if (boot.bootFile !== undefined && boot.bootFile !== "") {
    const fits = Buffer.byteLength(boot.bootFile, "latin1") <= longestFileField;
    if (fits) reply.bootFile = boot.bootFile;
    if (!fits || asked?.includes(67) === true) options.set(67, textValue(boot.bootFile, true));
    if (asked?.includes(66) === true) options.set(66, textValue(boot.nextServer, true));
    if (asked?.includes(150) === true) options.set(150, addressesValue(boot.nextServer));
  }
  if (boot.configFile !== undefined) options.set(209, textValue(boot.configFile));
  if (boot.pathPrefix !== undefined) {
    if (boot.pathPrefix.length > longestPathPrefix)
      throw new RangeError(`path prefix of ${boot.pathPrefix.length} characters, at most ${longestPathPrefix}`);
    options.set(210, textValue(boot.pathPrefix));
  }
  if (boot.vendorSpecific === "direct") options.set(43, writeSubOptions([[6, u8Value(8)]], true));
  if (boot.vendorSpecific === "raspberry-pi") options.set(43, raspberryMenu());
  if (boot.ipxeNoProxy === true) options.set(175, writeSubOptions([[176, u8Value(1)]]));
  for (const [code, value] of boot.options ?? []) options.set(code, value);
}

/** The ROM of a Raspberry Pi goes on only when it reads this menu (PXE 2.1 tags 6, 9 and 10). */
function raspberryMenu(): Uint8Array {
  const entry = Buffer.concat([Uint8Array.of(0, 0, 17), Buffer.from("Raspberry Pi Boot")]);
  const prompt = Buffer.concat([Uint8Array.of(0), Buffer.from("PXE")]);
  const parts: [number, Uint8Array][] = [
    [6, u8Value(3)],
    [9, entry],
    [10, prompt],
  ];
  return writeSubOptions(parts, true);
}

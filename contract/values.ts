import { isIP } from "node:net";
import { z } from "zod";

/** A MAC address in its one canonical text form: lower case, colons. Accepts dashes and upper case. */
export const macAddress = z
  .string()
  .transform((text) => text.toLowerCase().replaceAll("-", ":"))
  .pipe(z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, "must be six hexadecimal pairs such as 52:54:00:12:34:56"));

/** An IPv4 address in dotted form. */
export const ipv4Address = z.string().refine((text) => isIP(text) === 4, "must be an IPv4 address such as 10.0.0.1");

/** An IPv4 network in CIDR form, such as 10.0.0.0/24. */
export const ipv4Cidr = z.string().refine((text) => {
  const [address, prefix, ...rest] = text.split("/");
  return rest.length === 0 && isIP(address ?? "") === 4 && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix ?? "");
}, "must be an IPv4 network such as 10.0.0.0/24");

/** SHA-256 of a file in lower-case hexadecimal: the only name a file of an image has. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits");

/** The short public identifier of a machine or controller: six characters of [0-9a-z] without look-alikes. */
export const systemId = z.string().regex(/^[0-9abcdefghkmnpqrstwxy]{6}$/, "must be a six-character system id");

/** One DNS label (RFC 1123 2.1). */
export const hostname = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be 1 to 63 of a-z, 0-9 and '-', not starting or ending with '-'",
  );

const longestWords = 256;
/**
 * What firmware, a kernel or a device says of hardware. Firmware may say anything, and no machine is to be turned away for
 * that: of longer words the beginning is taken. Indexes count on it.
 */
export const hardwareWords = z.string().overwrite((text) => text.slice(0, longestWords));

/** Debian's architecture names, as MAAS uses them. */
export const architecture = z.enum(["amd64", "arm64"]);
export type Architecture = z.infer<typeof architecture>;

export const firmware = z.enum(["bios", "uefi"]);
export type Firmware = z.infer<typeof firmware>;

/** A moment in ISO 8601 with milliseconds, UTC. */
export const instant = z.iso.datetime();

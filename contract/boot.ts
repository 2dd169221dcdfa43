import { z } from "zod";
import { architecture, firmware, ipv4Address, macAddress, sha256, systemId } from "./values.ts";

/** What kind of program asks, from DHCP options 60, 77, 93 and 175 (RFC 4578, IANA processor architecture types). */
export const bootClient = z.enum([
  "ipxe",
  "pxe-bios",
  "pxe-uefi-x64",
  "http-uefi-x64",
  "pxe-uefi-arm64",
  "http-uefi-arm64",
  "grub",
  "other",
]);
export type BootClient = z.infer<typeof bootClient>;

/** The question a rack asks: what does this network card boot? Asked several times per boot; the answer is stateless. */
export const bootRequest = z.object({
  mac: macAddress.nullable(),
  uuid: z.string().nullable().default(null),
  client: bootClient,
  firmware: firmware.nullable().default(null),
  architecture: architecture.nullable().default(null),
  architecture_code: z.int().nullable().default(null).describe("option 93 as it came"),
  rack_address: ipv4Address.describe("the rack's address on the machine's subnet"),
  address: ipv4Address.nullable().default(null).describe("the machine's address where it is known"),
  stage: z.enum(["dhcp", "script"]).describe("dhcp: which loader; script: which kernel"),
});
export type BootRequest = z.infer<typeof bootRequest>;

/**
 * enlist … rescue: the ephemeral system; memory: the deployed image from memory; local: the system on the disk; poweroff:
 * the ephemeral system that only powers off; none: nothing can be booted.
 */
export const bootPurpose = z.enum([
  "enlist",
  "commission",
  "test",
  "install",
  "release",
  "rescue",
  "memory",
  "local",
  "poweroff",
  "none",
]);
export type BootPurpose = z.infer<typeof bootPurpose>;

const bootFile = z.object({ name: z.string(), sha256, size: z.int() });

/** The one answer that DHCP, TFTP, GRUB, iPXE and HTTP boot translate. */
export const bootDecision = z.object({
  machine_id: systemId.nullable(),
  purpose: bootPurpose,
  rule: z.string().describe("the rule that said so, in words"),
  architecture: architecture.nullable(),
  hostname: z.string(),
  kernel: bootFile.nullable(),
  initrd: bootFile.nullable(),
  command_line: z
    .string()
    .describe("without BOOTIF, which only the loader knows; {rack} stands for the rack's address and port"),
});
export type BootDecision = z.infer<typeof bootDecision>;

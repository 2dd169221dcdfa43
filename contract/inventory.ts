import { z } from "zod";
import { architecture, firmware, hardwareWords } from "./values.ts";
import { busDevice, disk, dmi, gpu, networkInterface, numaNode } from "./hardware.ts";

/** What commissioning finds out about a machine. */
export const inventory = z.object({
  architecture,
  firmware,
  kernel: hardwareWords,
  cpu: z.object({
    model: hardwareWords.nullable(),
    vendor: hardwareWords.nullable(),
    sockets: z.int(),
    cores: z.int(),
    threads: z.int(),
    speed_mhz: z.int().nullable(),
    flags: z.array(hardwareWords).max(2000),
  }),
  memory: z.object({
    total: z.int().describe("bytes"),
    modules: z
      .array(
        z.object({
          locator: hardwareWords.nullable(),
          size: z.int(),
          type: hardwareWords.nullable(),
          speed_mts: z.int().nullable(),
          manufacturer: hardwareWords.nullable(),
          part: hardwareWords.nullable(),
          serial: hardwareWords.nullable().default(null),
        }),
      )
      .max(4096),
  }),
  disks: z.array(disk).max(4096),
  interfaces: z.array(networkInterface).max(4096),
  dmi,
  pci: z.array(busDevice).max(4096),
  usb: z.array(busDevice).max(4096),
  virtualization: hardwareWords.nullable(),
  numa_nodes: z.array(numaNode).max(1024).default([]),
  gpus: z.array(gpu).max(256).default([]),
  kernel_modules: z.array(z.string().max(128)).max(4096).default([]),
  modaliases: z.array(z.string().max(512)).max(10_000).default([]).describe("what the kernel calls its devices"),
  serial_ports: z.array(z.string().max(64)).max(256).default([]),
  kernel_command_line: z.string().max(8192).default(""),
  secure_boot: z.boolean().nullable().default(null).describe("null: the firmware knows none"),
  tpm: z.string().max(16).nullable().default(null).describe("version of the TPM, such as 2.0"),
});
export type Inventory = z.infer<typeof inventory>;

import { ipv4Cidr, firmware as firmwareSchema } from "@rackwright/contract";
import { z } from "zod";
import { LabRequestError } from "./errors.ts";
import { formatAddress, networkOf, overlap } from "./network/addresses.ts";

export type Firmware = z.infer<typeof firmwareSchema>;

const byName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be 1 to 31 of a-z, 0-9 and '-', starting with a letter");
const credential = z.string().regex(/^[\x21-\x7e]{1,16}$/, "must be 1 to 16 printable characters without spaces");

const schema = z.strictObject({
  name: byName,
  stateDirectory: z.string().startsWith("/", "must be an absolute path"),
  machines: z.int().min(1).max(200),
  firmware: z.union([firmwareSchema, z.array(firmwareSchema)]).default("bios"),
  cpus: z.int().min(1).max(64).default(1),
  memoryMiB: z.int().min(256).max(65_536).default(1024),
  diskGiB: z.int().min(1).max(4096).default(8),
  disks: z.int().min(0).max(8).default(1),
  subnet: ipv4Cidr.default("10.77.0.0/24"),
  bmcSubnet: ipv4Cidr.default("10.77.1.0/24"),
  bmcUser: credential.default("rackwright"),
  bmcPassword: credential.optional(),
});

/**
 * What a lab shall be. `firmware` is one for all machines or a list with one for each. `cpus`, `memoryMiB` and
 * `diskGiB` count per machine and per disk; disk files are sparse. The first address of `subnet` is the rack's.
 * Without `bmcPassword` each lab gets a random one.
 */
export type LabOptions = z.input<typeof schema>;
export type LabSettings = z.output<typeof schema>;

/** Checks the options of a lab. Throws a LabRequestError that names each bad field, its value and what is allowed. */
export function parseLabOptions(options: LabOptions): LabSettings {
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    throw new LabRequestError(
      parsed.error.issues.map((issue) => describe(issue.path, issue.message, options)).join("; "),
    );
  }
  const settings = parsed.data;
  if (Array.isArray(settings.firmware) && settings.firmware.length !== settings.machines) {
    throw new LabRequestError(
      `firmware lists ${settings.firmware.length} values for ${settings.machines} machines: give one value, or one for each machine`,
    );
  }
  const subnet = networkOf(settings.subnet);
  const bmcSubnet = networkOf(settings.bmcSubnet);
  if (overlap(subnet, bmcSubnet)) {
    throw new LabRequestError(`bmcSubnet ${settings.bmcSubnet} overlaps subnet ${settings.subnet}: choose another one`);
  }
  for (const [field, network] of [
    ["subnet", subnet],
    ["bmcSubnet", bmcSubnet],
  ] as const) {
    const needed = settings.machines + 20;
    if (network.size < needed) {
      throw new LabRequestError(
        `${field} ${formatAddress(network.first)}/${network.prefix} has ${network.size} addresses; ${settings.machines} machines need at least ${needed}`,
      );
    }
  }
  return settings;
}

function describe(path: readonly PropertyKey[], message: string, options: unknown): string {
  let value: unknown = options;
  for (const key of path) {
    value =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([k]) => k === String(key))?.[1]
        : undefined;
  }
  const secret = path[0] === "bmcPassword";
  return `${path.map(String).join(".") || "options"}${secret ? "" : ` ${JSON.stringify(value)}`}: ${message}`;
}

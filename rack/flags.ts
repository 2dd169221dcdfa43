import { parseArgs } from "node:util";
import { hostname } from "@rackwright/contract/rack";
import { parseRegion } from "./link/index.ts";

export interface Flags {
  readonly state: string;
  readonly name: string;
  readonly regions: readonly string[];
  readonly secretFile: string;
  /** Devices to serve; empty: every one with an IPv4 address. */
  readonly interfaces: readonly string[];
  readonly httpPort: number;
  readonly tftpPort: number;
}

export const usage = `Usage: rack --state DIR --name NAME --region URL --secret-file FILE [options]
  --state DIR         folder for everything this rack keeps
  --name NAME         the rack's name, as the region knows it
  --region URL        http://host[:port] or unix:/path/to/region.sock; repeat it for further regions
  --secret-file FILE  the secret shared with the region, in hexadecimal digits
  --interface DEV     serve this network device only; repeat it for further ones (default: all but loopback)
  --http-port N       port for files and scripts (default 5248)
  --tftp-port N       port for TFTP (default 69; other ports are for tests, firmware knows only 69)
`;

/** Reads the command line. @throws Error in one sentence that names the flag, its value and what is allowed */
export function parseFlags(argv: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      state: { type: "string" },
      name: { type: "string" },
      region: { type: "string", multiple: true },
      "secret-file": { type: "string" },
      interface: { type: "string", multiple: true, default: [] },
      "http-port": { type: "string", default: "5248" },
      "tftp-port": { type: "string", default: "69" },
    },
  });
  const need = (flag: "state" | "name" | "secret-file"): string => {
    const value = values[flag];
    if (value === undefined || value === "") throw new RangeError(`--${flag} is missing`);
    return value;
  };
  const name = hostname.safeParse(need("name"));
  if (!name.success) throw new RangeError(`--name ${values.name}: ${name.error.issues[0]?.message ?? "not allowed"}`);
  const regions = values.region ?? [];
  if (regions.length === 0) throw new RangeError("--region is missing");
  for (const region of regions) parseRegion(region);
  return {
    state: need("state"),
    name: name.data,
    regions,
    secretFile: need("secret-file"),
    interfaces: values.interface,
    httpPort: port("http-port", values["http-port"]),
    tftpPort: port("tftp-port", values["tftp-port"]),
  };
}

/** The bytes of a secret file: an even number of at least 32 hexadecimal digits. @throws RangeError */
export function parseSecret(text: string, file: string): Buffer {
  const digits = text.trim();
  if (!/^([0-9a-f]{2}){16,}$/i.test(digits))
    throw new RangeError(`${file} must hold an even number of at least 32 hexadecimal digits`);
  return Buffer.from(digits, "hex");
}

function port(flag: string, text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= 65_535) return number;
  throw new RangeError(`--${flag} ${text}: allowed are whole numbers from 1 to 65535`);
}

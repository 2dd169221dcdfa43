import { z } from "zod";
import { CliError } from "../errors.ts";
import type { MaasClient } from "./maas-client.ts";

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const place = z.looseObject({ name: z.string(), description: text });
const vlan = z.looseObject({
  id: z.int(),
  vid: z.int(),
  name: z.string().nullish(),
  mtu: z.int(),
  fabric: z.string(),
  space: text,
});
const subnet = z.looseObject({
  id: z.int(),
  cidr: z.string(),
  name: text,
  description: text,
  vlan,
  gateway_ip: z.string().nullish(),
  dns_servers: z.array(z.string()).default([]),
  rdns_mode: z.int().default(2),
  active_discovery: z.boolean().default(false),
  allow_dns: z.boolean().default(true),
  allow_proxy: z.boolean().default(true),
  managed: z.boolean().default(true),
});
const named = z.looseObject({ cidr: z.string() });
const interfaceShape = z.looseObject({ name: z.string(), type: z.string(), mac_address: z.string().nullish() });
const machine = z.looseObject({
  system_id: z.string(),
  hostname: z.string(),
  architecture: text,
  status_name: z.string(),
  owner: z.string().nullish(),
  description: text,
  power_type: text,
  osystem: text,
  distro_series: text,
  cpu_count: z.int().nullish(),
  memory: z.int().nullish(),
  locked: z.boolean().default(false),
  zone: z.looseObject({ name: z.string() }),
  pool: z.looseObject({ name: z.string() }).nullish(),
  tag_names: z.array(z.string()).default([]),
  boot_interface: z.looseObject({ mac_address: z.string().nullish() }).nullish(),
  interface_set: z.array(interfaceShape).default([]),
});
const device = z.looseObject({
  hostname: z.string(),
  description: text,
  zone: z.looseObject({ name: z.string() }).nullish(),
  interface_set: z.array(interfaceShape).default([]),
});

/** Everything that is read of a MAAS, in its own words. */
export const maasSite = z.object({
  zones: z.array(place),
  pools: z.array(place),
  tags: z.array(z.looseObject({ name: z.string(), comment: text, kernel_opts: text, definition: text })),
  spaces: z.array(z.looseObject({ id: z.int(), name: z.string(), description: text })),
  fabrics: z.array(z.looseObject({ name: z.string(), class_type: z.string().nullish(), vlans: z.array(vlan) })),
  subnets: z.array(subnet),
  ranges: z.array(
    z.looseObject({
      type: z.enum(["dynamic", "reserved"]),
      start_ip: z.string(),
      end_ip: z.string(),
      comment: text,
      subnet: named,
    }),
  ),
  routes: z.array(z.looseObject({ source: named, destination: named, gateway_ip: z.string(), metric: z.int() })),
  reservedIps: z.array(z.looseObject({ ip: z.string(), mac_address: z.string(), comment: text, subnet: named })),
  domains: z.array(z.looseObject({ name: z.string(), ttl: z.int().nullish(), authoritative: z.boolean() })),
  users: z.array(z.looseObject({ username: z.string(), email: text, is_superuser: z.boolean() })),
  self: z.looseObject({ username: z.string() }),
  keys: z.array(z.looseObject({ key: z.string() })),
  machines: z.array(machine),
  power: z.record(z.string(), z.record(z.string(), z.unknown())),
  devices: z.array(device),
});
export type MaasSite = z.output<typeof maasSite>;

const paths = {
  zones: "zones/",
  pools: "resourcepools/",
  tags: "tags/",
  spaces: "spaces/",
  fabrics: "fabrics/",
  subnets: "subnets/",
  ranges: "ipranges/",
  routes: "static-routes/",
  reservedIps: "reservedips/",
  domains: "domains/",
  users: "users/",
  self: "users/?op=whoami",
  keys: "account/prefs/sshkeys/",
  machines: "machines/",
  devices: "devices/",
} as const satisfies Record<Exclude<keyof MaasSite, "power">, string>;

/** What older versions do not have yet, and what it is then. */
const newer = { reservedIps: [], pools: [] } as const;

/** Machines whose power parameters are asked for at once: they are named in the address, which must not grow too long. */
const perRequest = 100;

/** Reads all of it; `told` gets what is being read. @throws CliError */
export async function readMaas(client: MaasClient, told: (what: string) => void): Promise<MaasSite> {
  const found: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(paths)) {
    told(path);
    const shape = maasSite.shape[name as keyof MaasSite];
    found[name] = await client.get<unknown>(path, shape).catch((error: unknown) => {
      if (Object.hasOwn(newer, name) && error instanceof CliError && / answered 404: /.test(error.message))
        return newer[name as keyof typeof newer];
      throw error;
    });
  }
  const ids = maasSite.shape.machines.parse(found["machines"]).map(({ system_id }) => system_id);
  const power: Record<string, Record<string, unknown>> = {};
  for (let from = 0; from < ids.length; from += perRequest) {
    told(`power parameters of machines ${from + 1} to ${Math.min(from + perRequest, ids.length)}`);
    const query = ids.slice(from, from + perRequest).map((id) => `&id=${encodeURIComponent(id)}`);
    Object.assign(power, await client.get(`machines/?op=power_parameters${query.join("")}`, maasSite.shape.power));
  }
  return maasSite.parse({ ...found, power });
}

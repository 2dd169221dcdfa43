import { type MachineTakeOver, machineTakeOver, takeOverStatuses } from "@rackwright/contract";
import type { Site } from "../site/document.ts";
import type { MaasSite } from "./maas-read.ts";

export type NewUser = { username: string; administrator: boolean; email: string };
export type NewDevice = { hostname: string; description: string; zone: string | null; macs: string[] };

/** A MAAS in our words, and what of it cannot come along. */
export type Moving = {
  site: Site;
  users: NewUser[];
  machines: MachineTakeOver[];
  devices: NewDevice[];
  /** One sentence for each thing that is left behind or comes differently. */
  notes: string[];
};

const cidrOf = (one: { cidr: string }): string => one.cidr;
const vlanKey = (vlan: { fabric: string; vid: number }): string => `${vlan.fabric}/${vlan.vid}`;
const spaceOf = (space: string): string | null => (space === "" || space === "undefined" ? null : space);

/** Translates what was read of a MAAS. Nothing is asked and nothing is done. */
export function translate(maas: MaasSite): Moving {
  const notes: string[] = [];
  const site: Site = {
    zones: maas.zones.map(({ name, description }) => ({ name, description })),
    pools: maas.pools.map(({ name, description }) => ({ name, description })),
    tags: maas.tags.map(({ name, comment, kernel_opts, definition }) => ({
      name,
      comment,
      kernel_options: kernel_opts,
      definition: definition === "" ? null : definition,
      definition_kind: definition === "" ? null : "xpath",
    })),
    spaces: maas.spaces.filter(({ id }) => id >= 0).map(({ name, description }) => ({ name, description })),
    fabrics: maas.fabrics.map(({ name, class_type }) => ({ name, class_type: class_type ?? null })),
    vlans: maas.fabrics.flatMap(({ vlans }) =>
      vlans.map((vlan) => ({
        fabric: vlan.fabric,
        vid: vlan.vid,
        name: vlan.name ?? null,
        mtu: vlan.mtu,
        space: spaceOf(vlan.space),
      })),
    ),
    subnets: maas.subnets.map(({ vlan, name, gateway_ip, ...rest }) => ({
      cidr: rest.cidr,
      name: name === "" ? rest.cidr : name,
      description: rest.description,
      vlan: vlanKey(vlan),
      gateway: gateway_ip ?? null,
      dns_servers: rest.dns_servers,
      rdns_mode: rest.rdns_mode,
      active_discovery: rest.active_discovery,
      allow_dns: rest.allow_dns,
      allow_proxy: rest.allow_proxy,
      managed: rest.managed,
    })),
    "ip-ranges": maas.ranges.map(({ start_ip, end_ip, type, comment, subnet }) => ({
      first: start_ip,
      last: end_ip,
      type,
      subnet: cidrOf(subnet),
      comment,
    })),
    "reserved-ips": maas.reservedIps.map(({ ip, mac_address, comment, subnet }) => ({
      address: ip,
      mac: mac_address,
      subnet: cidrOf(subnet),
      comment,
    })),
    "static-routes": maas.routes.map(({ source, destination, gateway_ip, metric }) => ({
      source: cidrOf(source),
      destination: cidrOf(destination),
      gateway: gateway_ip,
      metric,
    })),
    domains: maas.domains.map(({ name, ttl, authoritative }) => ({ name, ttl: ttl ?? null, authoritative })),
  };
  const serving = maas.fabrics.flatMap(({ vlans }) => vlans.filter((vlan) => vlan["dhcp_on"] === true));
  if (serving.length > 0)
    notes.push(
      `DHCP stays off on ${serving.map(vlanKey).join(", ")}: turn it on here once it is off in the MAAS, ` +
        "with 'rackwright vlans update VLAN --dhcp true'.",
    );
  const users = maas.users.map(({ username, is_superuser, email }) => ({
    username,
    email,
    administrator: is_superuser,
  }));
  notes.push(
    "Passwords cannot be read from a MAAS: users get none that anybody knows until 'rackwright users update'.",
  );
  const automatic = new Set(maas.tags.filter(({ definition }) => definition !== "").map(({ name }) => name));
  const machines = maas.machines.flatMap((machine) =>
    toMachine(machine, maas.power[machine.system_id] ?? {}, automatic, notes),
  );
  const devices = maas.devices.map(({ hostname, description, zone, interface_set }) => ({
    hostname,
    description,
    zone: zone?.name ?? null,
    macs: interface_set.flatMap(({ mac_address }) => mac_address ?? []),
  }));
  return { site, users, machines, devices, notes };
}

/** What becomes of a machine in the midst of something: the status it comes to rest in without it. */
const resting: Readonly<Record<string, MachineTakeOver["status"]>> = {
  commissioning: "new",
  testing: "ready",
  deploying: "allocated",
  releasing: "ready",
  "disk erasing": "broken",
  "releasing failed": "broken",
  "failed disk erasing": "broken",
  "rescue mode": "broken",
  "entering rescue mode": "broken",
  "failed to enter rescue mode": "broken",
  "exiting rescue mode": "broken",
  "failed to exit rescue mode": "broken",
};

/** A machine somebody has is his also while it is tested: by what runs on it, deployed or allocated. */
function used({ owner, osystem }: MaasSite["machines"][number], there: string): MachineTakeOver["status"] | null {
  if (owner == null || !/test|rescue|releas|eras/.test(there)) return null;
  return osystem === "" ? "allocated" : "deployed";
}

function toMachine(
  machine: MaasSite["machines"][number],
  power: Record<string, unknown>,
  automatic: ReadonlySet<string>,
  notes: string[],
): MachineTakeOver[] {
  const name = machine.hostname;
  const there = machine.status_name.toLowerCase();
  const known = takeOverStatuses.find((status) => status === there);
  const status = used(machine, there) ?? known ?? resting[there] ?? "broken";
  if (status !== known) notes.push(`${name} is ${machine.status_name} there and comes as ${status}.`);
  const speaks = machine.power_type === "ipmi";
  if (!speaks && machine.power_type !== "" && machine.power_type !== "manual")
    notes.push(`${name} is switched by ${machine.power_type}, which is not spoken here: it comes with manual power.`);
  const cards = machine.interface_set.filter(({ type, mac_address }) => type === "physical" && mac_address != null);
  const boot = machine.boot_interface?.mac_address;
  const interfaces = cards
    .toSorted((a, b) => Number(b.mac_address === boot) - Number(a.mac_address === boot))
    .map((card) => ({ name: card.name, mac: card.mac_address ?? "" }));
  const deployed = status === "deployed";
  const wish = {
    id: /^[0-9abcdefghkmnpqrstwxy]{6}$/.test(machine.system_id) ? machine.system_id : undefined,
    hostname: name,
    architecture: machine.architecture.split("/")[0] || "amd64",
    interfaces,
    status,
    ...(machine.owner == null ? {} : { owner: machine.owner }),
    image: deployed && machine.osystem !== "" ? `${machine.osystem}/${machine.distro_series}` : null,
    power_driver: speaks ? "ipmi" : "manual",
    power_parameters: speaks ? textsOf(power) : {},
    zone: machine.zone.name,
    ...(machine.pool == null ? {} : { pool: machine.pool.name }),
    tags: machine.tag_names.filter((tag) => !automatic.has(tag)),
    description: machine.description,
    ...(machine.cpu_count ? { cpu_count: machine.cpu_count } : {}),
    ...(machine.memory ? { memory: machine.memory * 1024 * 1024 } : {}),
    locked: machine.locked,
  };
  const read = machineTakeOver.safeParse(wish);
  if (read.success) return [read.data];
  const [issue] = read.error.issues;
  notes.push(`${name} stays behind: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not as it must be here"}.`);
  return [];
}

const textsOf = (power: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(power).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );

import type { Example, Examples, World } from "../testing/example.ts";

type Made = { id: number; cidr: string; vid: number };
/** A third of an IPv4 network nobody had before: `10.x.y`. */
function net(world: World): string {
  const n = Number(world.fresh("net").split("-").at(-1));
  return `10.${200 + (n >> 8)}.${n & 255}`;
}
const fabric = async (world: World): Promise<number> =>
  (await world.make<Made>("POST", "fabrics/", { form: { name: world.fresh("fab") } })).id;
const space = async (world: World): Promise<number> =>
  (await world.make<Made>("POST", "spaces/", { form: { name: world.fresh("sp") } })).id;
const vlan = async (world: World): Promise<Made & { fabric: number }> => {
  const id = await fabric(world);
  return { ...(await world.make<Made>("POST", `fabrics/${id}/vlans/`, { form: { vid: "7" } })), fabric: id };
};
const subnet = async (world: World): Promise<Made & { net: string }> => {
  const base = net(world);
  return { ...(await world.make<Made>("POST", "subnets/", { form: { cidr: `${base}.0/24` } })), net: base };
};
const subnetPath = async (world: World): Promise<Example> => ({ path: { id: (await subnet(world)).id } });
const range = async (world: World): Promise<Example> => {
  const { net: base } = await subnet(world);
  const form = { type: "reserved", start_ip: `${base}.10`, end_ip: `${base}.20` };
  return { path: { id: (await world.make<Made>("POST", "ipranges/", { form })).id } };
};
const routeForm = async (world: World): Promise<Record<string, string>> => {
  const [from, to] = [await subnet(world), await subnet(world)];
  return { source: String(from.id), destination: to.cidr, gateway_ip: `${from.net}.1`, metric: "10" };
};
const route = async (world: World): Promise<Example> => {
  const form = await routeForm(world);
  return { path: { id: (await world.make<Made>("POST", "static-routes/", { form })).id } };
};
const reservedForm = async (world: World): Promise<Record<string, string>> => {
  const { net: base } = await subnet(world);
  return { ip: `${base}.50`, mac_address: "52-54-00-AA-00-01", comment: "the printer" };
};
const reserved = async (world: World): Promise<Example> => {
  const form = await reservedForm(world);
  return { path: { id: (await world.make<Made>("POST", "reservedips/", { form })).id } };
};
const vlanForm = (world: World) => ({
  name: world.fresh("vlan"),
  description: "storage",
  vid: "12",
  mtu: "9000",
  dhcp_on: "false",
  space: "undefined",
});
const subnetForm = (world: World, base: string) => ({
  cidr: `${base}.0/24`,
  name: world.fresh("subnet"),
  description: "storage",
  fabric: "fabric-0",
  vid: "0",
  gateway_ip: `${base}.1`,
  rdns_mode: "1",
  allow_dns: "false",
  allow_proxy: "t",
  dns_servers: ["9.9.9.9, 1.1.1.1", "fd00::53"],
  active_discovery: "true",
  managed: "1",
  disabled_boot_architectures: "uefi_ebc_tftp",
});
const networkFields = (world: World) => ({ name: world.fresh("net"), description: "by the door" });

export const networkExamples: Examples = {
  "GET fabrics/": () => ({}),
  "POST fabrics/": (world) => ({ form: { ...networkFields(world), class_type: "10g" } }),
  "GET fabrics/{id}/": async (world) => ({ path: { id: await fabric(world) } }),
  "PUT fabrics/{id}/": async (world) => ({
    path: { id: await fabric(world) },
    form: { ...networkFields(world), class_type: "" },
  }),
  "DELETE fabrics/{id}/": async (world) => ({ path: { id: await fabric(world) } }),

  "GET fabrics/{fabric_id}/vlans/": () => ({ path: { fabric_id: "fabric-0" } }),
  "POST fabrics/{fabric_id}/vlans/": async (world) => ({
    path: { fabric_id: await fabric(world) },
    form: vlanForm(world),
  }),
  "GET vlans/{vlan_id}/": async (world) => ({ path: { vlan_id: (await vlan(world)).id } }),
  "PUT vlans/{vlan_id}/": async (world) => ({ path: { vlan_id: (await vlan(world)).id }, form: vlanForm(world) }),
  "DELETE vlans/{vlan_id}/": async (world) => ({ path: { vlan_id: (await vlan(world)).id } }),
  "GET fabrics/{fabric_id}/vlans/{vid}/": () => ({ path: { fabric_id: 0, vid: "untagged" } }),
  "PUT fabrics/{fabric_id}/vlans/{vid}/": async (world) => {
    const made = await vlan(world);
    const [other, relay] = [await fabric(world), await vlan(world)];
    const form = { ...vlanForm(world), fabric: String(other), relay_vlan: String(relay.id), name: "" };
    return { path: { fabric_id: made.fabric, vid: made.vid }, form };
  },
  "DELETE fabrics/{fabric_id}/vlans/{vid}/": async (world) => {
    const made = await vlan(world);
    return { path: { fabric_id: made.fabric, vid: made.vid } };
  },

  "GET spaces/": () => ({}),
  "POST spaces/": (world) => ({ form: networkFields(world) }),
  "GET spaces/{id}/": () => ({ path: { id: "-1" } }),
  "PUT spaces/{id}/": async (world) => ({ path: { id: await space(world) }, form: networkFields(world) }),
  "DELETE spaces/{id}/": async (world) => ({ path: { id: await space(world) } }),

  "GET subnets/": async (world) => {
    await subnet(world);
    return {};
  },
  "POST subnets/": (world) => ({ form: subnetForm(world, net(world)) }),
  "GET subnets/{id}/": subnetPath,
  "PUT subnets/{id}/": async (world) => {
    const made = await subnet(world);
    return { path: { id: made.id }, form: { ...subnetForm(world, made.net), vlan: String((await vlan(world)).id) } };
  },
  "DELETE subnets/{id}/": async (world) => ({ ...(await subnetPath(world)), query: { force: "true" } }),
  "GET subnets/{id}/ reserved_ip_ranges": async (world) => {
    const made = await subnet(world);
    await world.make("PUT", `subnets/${made.id}/`, { form: { gateway_ip: `${made.net}.1` } });
    return { path: { id: made.id } };
  },
  "GET subnets/{id}/ unreserved_ip_ranges": subnetPath,
  "GET subnets/{id}/ statistics": async (world) => ({
    ...(await subnetPath(world)),
    query: { include_ranges: "1", include_suggestions: "true" },
  }),
  "GET subnets/{id}/ ip_addresses": async (world) => {
    const made = await subnet(world);
    await world.make("POST", "ipaddresses/", { op: "reserve", form: { subnet: String(made.id) } });
    return { path: { id: made.id }, query: { with_username: "1", with_summary: "1" } };
  },

  "GET ipranges/": async (world) => {
    await range(world);
    return {};
  },
  "POST ipranges/": async (world) => {
    const { net: base, id } = await subnet(world);
    const form = { type: "dynamic", start_ip: `${base}.100`, end_ip: `${base}.200`, comment: "guests" };
    return { form: { ...form, subnet: String(id), user: world.people.user.username } };
  },
  "GET ipranges/{id}/": range,
  "PUT ipranges/{id}/": async (world) => ({ ...(await range(world)), form: { comment: "for the switch" } }),
  "DELETE ipranges/{id}/": range,

  "GET static-routes/": async (world) => {
    await route(world);
    return {};
  },
  "POST static-routes/": async (world) => ({ form: await routeForm(world) }),
  "GET static-routes/{id}/": route,
  "PUT static-routes/{id}/": async (world) => ({ ...(await route(world)), form: { metric: "20" } }),
  "DELETE static-routes/{id}/": route,

  "GET reservedips/": async (world) => {
    await reserved(world);
    return {};
  },
  "POST reservedips/": async (world) => ({ form: await reservedForm(world) }),
  "GET reservedips/{id}/": reserved,
  "PUT reservedips/{id}/": async (world) => ({ ...(await reserved(world)), form: { comment: "gone" } }),
  "DELETE reservedips/{id}/": reserved,

  "GET ipaddresses/": async (world) => {
    const made = await subnet(world);
    await world.make("POST", "ipaddresses/", { op: "reserve", form: { ip: `${made.net}.77` } });
    return { query: { all: "true" } };
  },
  "POST ipaddresses/ reserve": async (world) => {
    const made = await subnet(world);
    const form = { subnet: made.cidr, ip_address: `${made.net}.9`, hostname: "switch.example.com" };
    return { form: { ...form, mac: "52:54:00:00:00:aa" }, as: "user" };
  },
  "POST ipaddresses/ release": async (world) => {
    const made = await subnet(world);
    await world.make("POST", "ipaddresses/", { op: "reserve", form: { ip: `${made.net}.9` }, as: "user" });
    return { form: { ip: `${made.net}.9` }, as: "user" };
  },
};

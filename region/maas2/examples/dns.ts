import { sql } from "kysely";
import { discoveryId } from "../../discoveries/discoveries.ts";
import type { Example, Examples, World } from "../testing/example.ts";
import { freshMac } from "./interfaces.ts";

type Made = { id: number };

const domain = async (world: World): Promise<Example> => {
  const { id } = await world.make<Made>("POST", "domains/", { form: { name: `${world.fresh("domain")}.example` } });
  return { path: { id } };
};
const resource = async (world: World): Promise<Example> => {
  const form = { fqdn: `${world.fresh("www")}.maas`, ip_addresses: "192.0.2.10 2001:db8::10" };
  const { id } = await world.make<Made>("POST", "dnsresources/", { form });
  return { path: { id } };
};
const record = async (world: World): Promise<Example> => {
  const form = { name: world.fresh("mail"), domain: "maas", rrtype: "mx", rrdata: "10 mail.example.com" };
  const { id } = await world.make<Made>("POST", "dnsresourcerecords/", { form });
  return { path: { id } };
};

/** A card that our DHCP gave an address. */
async function seen(world: World): Promise<{ address: string; mac: string; id: string }> {
  const number = Number(world.fresh("seen").split("-").at(-1));
  const address = `10.99.${number >> 8}.${number & 255}`;
  const mac = freshMac(world);
  await sql`insert into subnets (cidr, name, vlan_id) values ('10.99.0.0/16', 'seen', 5001) on conflict do nothing`.execute(
    world.db,
  );
  await sql`insert into leases (subnet_id, address, mac, hostname, state, expires_at)
    select id, ${address}::inet, ${mac}, 'phone', 'leased', now() + interval '1 hour' from subnets
    where cidr = '10.99.0.0/16'`.execute(world.db);
  return { address, mac, id: discoveryId(address, mac) };
}
const list = async (world: World): Promise<Example> => {
  await seen(world);
  return {};
};

export const dnsExamples: Examples = {
  "GET domains/": () => ({}),
  "POST domains/": (world) => ({
    form: {
      name: world.fresh("domain"),
      authoritative: "false",
      forward_dns_servers: "192.0.2.1, 192.0.2.2",
      ttl: "60",
    },
  }),
  "POST domains/ set_serial": () => ({ form: { serial: "2026050100" } }),
  "GET domains/{id}/": domain,
  "PUT domains/{id}/": async (world) => ({ ...(await domain(world)), form: { ttl: "3600" } }),
  "DELETE domains/{id}/": domain,
  "POST domains/{id}/ set_default": () => ({ path: { id: 0 } }),
  "GET dnsresources/": async (world) => {
    await resource(world);
    return { query: { all: "true" } };
  },
  "POST dnsresources/": (world) => ({ form: { name: world.fresh("www"), domain: "0", ip_addresses: "192.0.2.20" } }),
  "GET dnsresources/{id}/": resource,
  "PUT dnsresources/{id}/": async (world) => ({ ...(await resource(world)), form: { address_ttl: "30" } }),
  "DELETE dnsresources/{id}/": resource,
  "GET dnsresourcerecords/": async (world) => {
    await record(world);
    return { query: { rrtype: "MX" } };
  },
  "POST dnsresourcerecords/": (world) => ({
    form: { fqdn: `${world.fresh("alias")}.maas`, rrtype: "CNAME", rrdata: "www.example.com" },
  }),
  "GET dnsresourcerecords/{id}/": record,
  "PUT dnsresourcerecords/{id}/": async (world) => ({
    ...(await record(world)),
    form: { rrdata: "20 mail.example.com" },
  }),
  "DELETE dnsresourcerecords/{id}/": record,
  "GET discovery/": list,
  "GET discovery/ by_unknown_mac": list,
  "GET discovery/ by_unknown_ip": list,
  "GET discovery/ by_unknown_ip_and_mac": list,
  "GET discovery/{discovery_id}/": async (world) => ({ path: { discovery_id: (await seen(world)).id } }),
  "POST discovery/ clear": () => ({ form: { all: "true" } }),
  "POST discovery/ clear_by_mac_and_ip": async (world) => {
    const { address: ip, mac } = await seen(world);
    return { form: { ip, mac } };
  },
  // Racks do not scan networks.
  "POST discovery/ scan": () => ({ form: { cidr: ["192.0.2.0/24"] }, status: 409 }),
};

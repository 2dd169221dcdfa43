import { sql } from "kysely";
import type { Example, Examples, World } from "../testing/example.ts";

type Made = { id: number; system_id: string; name: string };
type Interface = Made & { links: { id: number }[] };

/** A MAC address nobody had before. */
export const freshMac = (world: World): string => {
  const number = Number(world.fresh("mac").split("-").at(-1));
  return `02:fe:00:00:${(number >> 8).toString(16).padStart(2, "0")}:${(number & 255).toString(16).padStart(2, "0")}`;
};
const nodeOf = async (world: World): Promise<Example["path"] & { system_id: string }> => ({
  system_id: await world.machine(),
});
/** A machine, with another card; its ids. */
async function withCard(world: World) {
  const { system_id } = await nodeOf(world);
  const path = `nodes/${system_id}/interfaces/`;
  const form = { mac_address: freshMac(world), vlan: "5001" };
  const { id } = await world.make<Made>("POST", path, { op: "create_physical", form });
  return { system_id, id, path };
}
async function subnet(world: World): Promise<number> {
  const third = Number(world.fresh("subnet").split("-").at(-1)) % 250;
  const cidr = `10.${150 + (third % 100)}.${third}.0/24`;
  const gateway = cidr.replace("0/24", "1");
  const { rows } = await sql<{ id: number }>`
    insert into subnets (cidr, name, gateway, vlan_id) values (${cidr}, ${cidr}, ${gateway}, 5001)
    on conflict (cidr) do update set gateway = excluded.gateway returning id`.execute(world.db);
  return rows[0]?.id ?? 0;
}
const one = async (world: World): Promise<Example> => {
  const { system_id, id } = await withCard(world);
  return { path: { system_id, id } };
};
async function linked(world: World) {
  const { system_id, id, path } = await withCard(world);
  const form = { mode: "AUTO", subnet: String(await subnet(world)) };
  const { links } = await world.make<Interface>("POST", `${path}${id}/`, { op: "link_subnet", form });
  return { system_id, id, link: String(links[0]?.id) };
}
const vlan = async (world: World): Promise<string> => {
  const vid = Number(world.fresh("vlan").split("-").at(-1)) + 1000;
  const { rows } = await sql<{ id: number }>`
    insert into vlans (fabric_id, vid) values (0, ${vid}) returning id`.execute(world.db);
  return String(rows[0]?.id);
};

const collection = "nodes/{system_id}/interfaces/";
const item = `${collection}{id}/`;
export const interfaceExamples: Examples = {
  [`GET ${collection}`]: async (world) => ({ path: await nodeOf(world) }),
  [`POST ${collection} create_physical`]: async (world) => ({
    path: await nodeOf(world),
    form: { mac_address: freshMac(world), tags: "fast, uplink", mtu: "9000" },
  }),
  [`POST ${collection} create_bond`]: async (world) => {
    const { system_id, id } = await withCard(world);
    return { path: { system_id }, form: { name: "bond0", parents: [String(id)], bond_mode: "active-backup" } };
  },
  [`POST ${collection} create_vlan`]: async (world) => {
    const { system_id, id } = await withCard(world);
    return { path: { system_id }, form: { parent: String(id), vlan: await vlan(world) } };
  },
  [`POST ${collection} create_bridge`]: async (world) => {
    const { system_id, id } = await withCard(world);
    return { path: { system_id }, form: { parent: String(id), bridge_stp: "true" } };
  },
  [`GET ${item}`]: one,
  [`PUT ${item}`]: async (world) => ({ ...(await one(world)), form: { name: "lan0", tags: "a,b", vlan: "" } }),
  [`DELETE ${item}`]: one,
  [`POST ${item} link_subnet`]: async (world) => ({
    ...(await one(world)),
    form: { mode: "STATIC", subnet: String(await subnet(world)), default_gateway: "true" },
  }),
  [`POST ${item} unlink_subnet`]: async (world) => {
    const { system_id, id, link } = await linked(world);
    return { path: { system_id, id }, form: { id: link } };
  },
  [`POST ${item} disconnect`]: one,
  [`POST ${item} set_default_gateway`]: async (world) => {
    const { system_id, id } = await linked(world);
    return { path: { system_id, id } };
  },
  [`POST ${item} add_tag`]: async (world) => ({ ...(await one(world)), form: { tag: "uplink" } }),
  [`POST ${item} remove_tag`]: async (world) => ({ ...(await one(world)), form: { tag: "uplink" } }),
};

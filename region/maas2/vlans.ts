import { vlanCreate, vlanUpdate } from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { findOne } from "../networks/find.ts";
import { createVlan, deleteVlan, updateVlan } from "../networks/vlans.ts";
import { byOf, checked, given, noMatch, numberOf } from "./common.ts";
import { inText, inWords, named } from "./network-parameters.ts";
import { loadNetworks, noSpace, type VlanView } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, integer, text } from "./parameters.ts";

const nothing = z.object({});
const vid = integer("VLAN tag; 0 is the untagged VLAN every fabric has.");
const fields = z.object({
  name: text("Name of the VLAN; an empty text takes it away.").optional(),
  description: text("What it is, for people.").optional(),
  vid: vid.optional(),
  mtu: integer("Largest packet, in bytes.").optional(),
  space: text("Space it is in; an empty text or undefined: none.").optional(),
  dhcp_on: flag("Whether DHCP answers on it.").optional(),
  primary_rack: text("System id of the rack controller that answers DHCP.").optional(),
  secondary_rack: text("System id of the rack controller that answers DHCP too.").optional(),
  relay_vlan: text("VLAN that DHCP requests are relayed to, by its id.").optional(),
});
const creation = fields.extend({ vid });
const change = fields.extend({ fabric: text("Fabric to move it to.").optional() });

/** Names of our fields in MAAS's words. */
const words = {
  fabric_id: "fabric",
  space_id: "space",
  dhcp: "dhcp_on",
  relay_vlan_id: "relay_vlan",
};

async function vlanId(call: Call): Promise<number> {
  const { vid: tag = "", fabric_id: fabric = "" } = call.path;
  if (call.path["vlan_id"] === undefined) {
    if (tag !== "untagged" && !/^\d{1,4}$/.test(tag)) throw noMatch("VLAN");
    return findOne(call.db, "vlan", `vid:${tag},fabric:id:${await findOne(call.db, "fabric", fabric)}`);
  }
  return findOne(call.db, "vlan", `id:${numberOf(call, "vlan_id", "VLAN")}`);
}

const shown = async (call: Call, id: number): Promise<VlanView> => (await loadNetworks(call.db)).vlan(id);

async function wanted(call: Call, parameters: z.output<typeof change>): Promise<object> {
  const { db } = call;
  const { name, space, dhcp_on, relay_vlan, fabric, primary_rack, secondary_rack, ...rest } = parameters;
  const none = (value: string | undefined) => (value === "" ? null : undefined);
  const spaceId = space === "" || space === noSpace.name || space === String(noSpace.id) ? null : undefined;
  return given({
    ...rest,
    name: none(name) === null ? null : name,
    dhcp: dhcp_on,
    space_id: spaceId === null || space === undefined ? spaceId : await named(db, "space", "space", space),
    relay_vlan_id:
      none(relay_vlan) === null || relay_vlan === undefined
        ? none(relay_vlan)
        : await named(db, "vlan", "relay_vlan", relay_vlan),
    fabric_id: fabric === undefined ? undefined : await named(db, "fabric", "fabric", fabric),
    primary_rack: await rackName(call, "primary_rack", primary_rack),
    secondary_rack: await rackName(call, "secondary_rack", secondary_rack),
  });
}

/** Racks have a system id here, and a name for everybody else. */
async function rackName(call: Call, field: string, id: string | undefined): Promise<string | null | undefined> {
  if (id === undefined) return undefined;
  if (id === "") return null;
  const rack = await call.db.selectFrom("racks").select("name").where("system_id", "=", id).executeTakeFirst();
  if (rack === undefined)
    throw InputError.field(field, id, "Select a valid choice. That choice is not one of the available choices.");
  return rack.name;
}

export const vlansResources: readonly Resource[] = [
  {
    handler: "VlansHandler",
    path: "fabrics/{fabric_id}/vlans/",
    doc: "VLANs of a fabric.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists the VLANs of a fabric.",
        parameters: nothing,
        run: async (call) => {
          const id = await findOne(call.db, "fabric", call.path["fabric_id"] ?? "");
          return { json: (await loadNetworks(call.db)).vlans.filter(({ fabric_id }) => fabric_id === id) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Creates a VLAN on a fabric.",
        parameters: creation,
        run: async (call, parameters) => {
          const fabric_id = await findOne(call.db, "fabric", call.path["fabric_id"] ?? "");
          const fields = { ...(await wanted(call, parameters)), fabric_id };
          const { id } = await inWords(words, async () =>
            createVlan(call.db, checked(vlanCreate, fields), byOf(call), { namedRack: true }),
          );
          return { json: await shown(call, id) };
        },
      }),
    },
  },
  {
    handler: "VlanHandler",
    path: "fabrics/{fabric_id}/vlans/{vid}/",
    aliases: ["vlans/{vlan_id}/"],
    doc: "One VLAN, by its tag on a fabric; below vlans/ by its id.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a VLAN.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await vlanId(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a VLAN.",
        parameters: change,
        run: async (call, parameters) => {
          const id = await vlanId(call);
          const fields = await wanted(call, parameters);
          await inWords(words, async () =>
            updateVlan(call.db, id, checked(vlanUpdate, fields), byOf(call), { namedRack: true }),
          );
          return { json: await shown(call, id) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a VLAN that no subnet is on.",
        parameters: nothing,
        run: async (call) => {
          await inText(deleteVlan(call.db, await vlanId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];

import { subnetCreate, subnetUpdate } from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { find, findOne } from "../networks/find.ts";
import { createSubnet, deleteSubnet, updateSubnet } from "../networks/subnets.ts";
import { byOf, checked, given } from "./common.ts";
import { cidr, inText, inWords, ip, named, orNone, values } from "./network-parameters.ts";
import { loadNetworks, type SubnetView } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, integer, text } from "./parameters.ts";
import { usageOperations } from "./subnet-usage.ts";

const nothing = z.object({});
/** Of these, whatever is not said as clearly as this is no. */
const strictly = (doc: string) => text(doc).transform((word) => ["true", "t", "1"].includes(word.trim().toLowerCase()));

const change = z.object({
  cidr: cidr("Its network, such as 10.0.0.0/24.").optional(),
  name: text("Its name; its network where it is left out.").optional(),
  description: text("What it is, for people.").optional(),
  vlan: text("VLAN it is in, by its id.").optional(),
  fabric: text("Fabric it is in, where no VLAN is given.").optional(),
  vid: integer("Tag of the VLAN it is in, where no VLAN is given.").optional(),
  space: text("Not taken: spaces are those of VLANs.").optional(),
  gateway_ip: orNone(ip("Its router; an empty text: none.")).optional(),
  rdns_mode: integer("Names of addresses: 0 none, 1 yes, 2 also for parts of a network.", {
    least: 0,
    most: 2,
  }).optional(),
  allow_dns: strictly("Whether its machines may ask our name server.").optional(),
  allow_proxy: strictly("Whether its machines may use our proxy.").optional(),
  dns_servers: values("Its name servers, with commas or spaces between."),
  active_discovery: flag("Whether to look for neighbours.").optional(),
  managed: flag("Whether addresses may be picked outside its reserved ranges.").optional(),
  disabled_boot_architectures: values("Boot architectures that are not wanted on it, with commas between."),
});
const creation = change.extend({ cidr: cidr("Its network, such as 10.0.0.0/24.") });

/** Names of our fields in MAAS's words. */
const words = { gateway: "gateway_ip", vlan_id: "vlan", dynamic_ranges: "__all__" };

const subnetId = (call: Call): Promise<number> => findOne(call.db, "subnet", call.path["id"] ?? "");
const shown = async (call: Call, id: number): Promise<SubnetView> => (await loadNetworks(call.db)).subnet(id);

async function wanted(call: Call, parameters: z.output<typeof change>, before: SubnetView | null): Promise<object> {
  const { vlan, fabric, vid, space, gateway_ip, name, ...rest } = parameters;
  if (space !== undefined)
    throw InputError.field(
      "space",
      space,
      "Spaces may no longer be set on subnets. Set the space on the underlying VLAN.",
    );
  return given({
    ...rest,
    name: name === "" ? undefined : name,
    gateway: gateway_ip,
    vlan_id: await vlanOf(call, { vlan, fabric, vid }, before),
  });
}

type Place = Pick<z.output<typeof change>, "vlan" | "fabric" | "vid">;

/** The VLAN itself, else the one of the tag, untagged if none is given, on the fabric, the first if none is given. */
async function vlanOf({ db }: Call, { vlan, fabric, vid }: Place, before: SubnetView | null) {
  if (vlan !== undefined && vlan !== "") return named(db, "vlan", "vlan", vlan);
  if (fabric === undefined && vid === undefined) return undefined;
  const fabricId = fabric === undefined ? (before?.vlan.fabric_id ?? 0) : await named(db, "fabric", "fabric", fabric);
  const [id] = await find(db, "vlan", [`vid:${vid ?? 0},fabric:id:${fabricId}`]);
  if (id === undefined) throw InputError.field("vid", vid, "No VLAN with this tag is on the fabric.");
  return id;
}

export const subnetsResources: readonly Resource[] = [
  {
    handler: "SubnetsHandler",
    path: "subnets/",
    doc: "Subnets: networks of addresses, each in a VLAN.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every subnet.",
        parameters: nothing,
        run: async (call) => ({ json: (await loadNetworks(call.db)).subnets }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a subnet.",
        parameters: creation,
        run: async (call, parameters) => {
          const fields = await wanted(call, parameters, null);
          const { id } = await inWords(words, async () =>
            createSubnet(call.db, checked(subnetCreate, fields), byOf(call)),
          );
          return { json: await shown(call, id) };
        },
      }),
    },
  },
  {
    handler: "SubnetHandler",
    path: "subnets/{id*}/",
    doc: "One subnet, by its id, name or network.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a subnet.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await subnetId(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a subnet.",
        parameters: change,
        run: async (call, parameters) => {
          const before = await shown(call, await subnetId(call));
          const fields = await wanted(call, parameters, before);
          await inWords(words, async () => updateSubnet(call.db, before.id, checked(subnetUpdate, fields), byOf(call)));
          return { json: await shown(call, before.id) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a subnet.",
        parameters: z.object({ force: flag("Also while nodes have addresses on it.").default(false) }),
        run: async (call, { force }) => {
          await inText(deleteSubnet(call.db, await subnetId(call), byOf(call), { force, keepServed: true }));
          return { status: 204 };
        },
      }),
      ...usageOperations,
    },
  },
];

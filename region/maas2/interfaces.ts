import {
  bondModes,
  bridgeTypes,
  hashPolicies,
  interfaceCreate,
  interfaceTag,
  interfaceUpdate,
  lacpRates,
  linkModes,
} from "@rackwright/contract";
import { z } from "zod";
import {
  createInterface,
  deleteInterface,
  readInterface,
  tagInterface,
  updateInterface,
} from "../interfaces/change.ts";
import { InputError } from "../errors.ts";
import { disconnect, linkSubnet, setDefaultGateway, unlinkSubnet } from "../interfaces/links.ts";
import type { Node } from "../interfaces/node.ts";
import type { Interface } from "../interfaces/read.ts";
import { assignmentFields, assignAddress } from "./interface-assignment.ts";
import { renderInterfaces } from "./interface-render.ts";
import { checked, given, matching, noMatch } from "./common.ts";
import { byCaller, inMaasWords, withFieldNames } from "./machine-call.ts";
import { ip, orNone } from "./network-parameters.ts";
import { idOf, nodeOf } from "./node-call.ts";
import { type Answer, type Call, type Resource, operation } from "./operation.ts";
import { choice, flag, integer, text } from "./parameters.ts";

const nothing = z.object({});
const number = { least: 0 };
const ids = (doc: string) =>
  z.array(integer(doc, number)).max(64).default([]).describe(doc).meta({ type: "Int", list: true });

const general = {
  tags: text("Its tags, with commas between.").optional(),
  vlan: text("The VLAN it is connected to: its id or a specifier; empty: none.", 500).optional(),
  mtu: integer("Bytes of a frame at most; by default what the VLAN says.", { least: 552, most: 65_535 }).optional(),
  accept_ra: flag("Accept IPv6 router advertisements.").optional(),
  link_connected: flag("Whether its cable is plugged in.").optional(),
  interface_speed: integer("Mbit/s the card can.", number).optional(),
  link_speed: integer("Mbit/s of the link.", number).optional(),
};
const bond = {
  bond_mode: choice("How it shares the load.", bondModes).optional(),
  bond_miimon: integer("Milliseconds between looks at the links.", number).optional(),
  bond_downdelay: integer("Milliseconds until a link that failed is off.", number).optional(),
  bond_updelay: integer("Milliseconds until a link that recovered is on.", number).optional(),
  bond_lacp_rate: choice("How often the other end sends LACP packets.", lacpRates).optional(),
  bond_xmit_hash_policy: choice("What chooses the link of a frame.", hashPolicies).optional(),
  bond_num_grat_arp: integer("Announcements after a change of links.", { least: 0, most: 255 }).optional(),
};
const bridge = {
  bridge_type: choice("Which kind of bridge.", bridgeTypes).optional(),
  bridge_stp: flag("Spanning tree protocol.").optional(),
  bridge_fd: integer("Forward delay in seconds.", { least: 0, most: 255 }).optional(),
};
const name = text("Its name.", 255);
const mac = text("Its MAC address.", 100);
const enabled = flag("Whether it is used at all.").optional();
const numa_node = integer("Its NUMA node.", { least: 0, most: 1023 }).optional();

/** Names of fields as clients know them. */
const fieldNames = (parents: "parent" | "parents") => ({
  vlan_id: "vlan",
  mac: "mac_address",
  subnet_id: "subnet",
  address: "ip_address",
  parents,
});

type Form = { vlan?: string | undefined; tags?: string | undefined; mac_address?: string | undefined } & object;

/** What a form says, in the words of the interfaces' own schema. */
async function fromForm(call: Call, { vlan, tags, mac_address, ...form }: Form): Promise<object> {
  return given({
    ...form,
    vlan_id: vlan === undefined ? undefined : await idOf(call, "vlan", "vlan", vlan),
    mac: mac_address === undefined || mac_address === "" ? undefined : mac_address,
    tags: tags?.split(",").flatMap((tag) => tag.trim() || []),
  });
}

async function show(call: Call, node: Node, { id }: Pick<Interface, "id">): Promise<Answer> {
  const rendered = await renderInterfaces(call.db, [node.id], { now: call.clock.now() });
  const found = rendered.get(node.id)?.find((one) => one.id === id);
  if (found === undefined) throw noMatch("Interface");
  return { json: found };
}

async function made(call: Call, node: Node, wanted: object, parents: "parent" | "parents"): Promise<Interface> {
  const work = async () => createInterface(call.db, node.id, checked(interfaceCreate, wanted), byCaller(call));
  return inMaasWords(withFieldNames(fieldNames(parents), work()));
}

const interfaces: Resource = {
  handler: "InterfacesHandler",
  path: "nodes/{system_id}/interfaces/",
  doc: "Network interfaces of a machine or device.",
  operations: {
    GET: operation({
      access: "user",
      title: "Lists the interfaces of a machine or device.",
      parameters: nothing,
      run: async (call) => {
        const { id } = await nodeOf(call, "view");
        const rendered = await renderInterfaces(call.db, [id], { now: call.clock.now() });
        return { json: rendered.get(id) ?? [] };
      },
    }),
    "POST create_physical": operation({
      access: "user",
      title: "Adds a network card.",
      parameters: z.object({
        name: name.optional(),
        mac_address: mac,
        ...general,
        enabled,
        numa_node,
        ...assignmentFields,
      }),
      run: async (call, { ip_assignment, ip_address, subnet, ...form }) => {
        const node = await nodeOf(call, "change");
        const one = await made(call, node, { type: "physical", ...(await fromForm(call, form)) }, "parents");
        await assignAddress(call, node, one, { ip_assignment, ip_address, subnet });
        return show(call, node, one);
      },
    }),
    "POST create_bond": operation({
      access: "user",
      title: "Makes one interface of several cards.",
      parameters: z.object({
        name,
        mac_address: mac.optional(),
        parents: ids("Ids of the cards.").refine((list) => list.length > 0, "This field is required."),
        ...general,
        ...bond,
      }),
      run: async (call, form) => {
        const node = await nodeOf(call, "change");
        return show(call, node, await made(call, node, { type: "bond", ...(await fromForm(call, form)) }, "parents"));
      },
    }),
    "POST create_vlan": operation({
      access: "user",
      title: "Makes an interface of the tagged frames of another.",
      parameters: z.object({
        ...general,
        vlan: text("The VLAN: its id or a specifier.", 500),
        parent: integer("Id of the interface that carries it.", number).optional(),
        parents: ids("The same, as gomaasclient sends it."),
        name: name.optional(),
      }),
      run: async (call, { parent, parents, ...form }) => {
        const node = await nodeOf(call, "change");
        const members = parent === undefined ? parents : [parent];
        if (members.length === 0) throw InputError.field("parent", undefined, "This field is required.");
        const wanted = { type: "vlan", parents: members, ...(await fromForm(call, form)) };
        return show(call, node, await made(call, node, wanted, "parent"));
      },
    }),
    "POST create_bridge": operation({
      access: "user",
      title: "Makes a bridge of an interface.",
      parameters: z.object({
        name: name.optional(),
        mac_address: mac.optional(),
        parent: integer("Id of the interface.", number).optional(),
        parents: ids("Id of the interface."),
        ...general,
        ...bridge,
      }),
      run: async (call, { parent, parents, ...form }) => {
        const node = await nodeOf(call, "change");
        const members = parent === undefined ? parents : [parent];
        const wanted = { type: "bridge", parents: members, ...(await fromForm(call, form)) };
        return show(call, node, await made(call, node, wanted, "parent"));
      },
    }),
  },
};

/** An operation on the interface in the path that shows it afterwards. */
function change<S extends z.ZodObject>(
  title: string,
  parameters: S,
  run: (call: Call, node: Node, one: Interface, form: z.output<S>) => Promise<Interface>,
) {
  return operation({
    access: "user",
    title,
    parameters,
    run: async (call, form) => {
      const node = await nodeOf(call, "change");
      const one = await wanted(call, node);
      return show(call, node, await inMaasWords(withFieldNames(fieldNames("parents"), run(call, node, one, form))));
    },
  });
}

/** The interface in the path, by its id or name. */
const wanted = (call: Call, node: Node): Promise<Interface> =>
  matching("Interface", readInterface(call.db, node.id, call.path["id"] ?? "", call.clock.now()));

const tagForm = z.object({ tag: text("The tag.", 256) });

const oneInterface: Resource = {
  handler: "InterfaceHandler",
  path: "nodes/{system_id}/interfaces/{id}/",
  doc: "One network interface of a machine or device, by its id or name.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads an interface.",
      parameters: nothing,
      run: async (call) => {
        const node = await nodeOf(call, "view");
        return show(call, node, await wanted(call, node));
      },
    }),
    PUT: change(
      "Changes an interface; what is not given stays. Of a deployed machine only name and MAC address change.",
      z.object({
        name: name.optional(),
        mac_address: mac.optional(),
        ...general,
        parents: ids("Ids of the interfaces it is made of."),
        parent: integer("Id of the interface it is made of.", number).optional(),
        ...bridge,
        ...bond,
        enabled,
        numa_node,
        ...assignmentFields,
      }),
      async (call, node, one, { ip_assignment, ip_address, subnet, parent, parents, ...form }) => {
        const members = parent === undefined ? parents : [parent];
        const fields = { ...(await fromForm(call, form)), ...(members.length > 0 && { parents: members }) };
        const update = checked(interfaceUpdate, fields);
        const after = await updateInterface(call.db, node.id, String(one.id), update, byCaller(call));
        return (await assignAddress(call, node, after, { ip_assignment, ip_address, subnet })) ?? after;
      },
    ),
    DELETE: operation({
      access: "user",
      title: "Deletes an interface, and those made of nothing else.",
      parameters: nothing,
      run: async (call) => {
        const node = await nodeOf(call, "change");
        const { id } = await wanted(call, node);
        await inMaasWords(deleteInterface(call.db, node.id, String(id), byCaller(call)));
        return { status: 204 };
      },
    }),
    "POST link_subnet": change(
      "Links an interface to a subnet: says how it gets an address there.",
      z.object({
        mode: z
          .string()
          .trim()
          .toLowerCase()
          .pipe(z.enum(linkModes))
          .describe("auto, dhcp, static or link_up.")
          .meta({ type: "String" }),
        subnet: text("The subnet: its id or a specifier.", 500).optional(),
        ip_address: orNone(ip("With static: its address; by default a free one.")).optional(),
        force: flag("Replace other links where they are in the way, and change the VLAN.").default(false),
        default_gateway: flag("Traffic leaves the machine by the gateway of this subnet.").default(false),
      }),
      async (call, node, one, { mode, subnet = "", ip_address, force, default_gateway }) => {
        const subnet_id = (await idOf(call, "subnet", "subnet", subnet)) ?? undefined;
        const link = { mode, subnet_id, address: ip_address ?? undefined, force, default_gateway };
        return linkSubnet(call.db, node.id, String(one.id), link, byCaller(call));
      },
    ),
    "POST unlink_subnet": change(
      "Takes a link off an interface.",
      z.object({ id: integer("Id of the link.", number) }),
      async (call, node, one, { id }) => unlinkSubnet(call.db, node.id, String(one.id), id, byCaller(call)),
    ),
    "POST disconnect": change(
      "Takes an interface off its VLAN, with all its links.",
      nothing,
      async (call, node, one) => disconnect(call.db, node.id, String(one.id), byCaller(call)),
    ),
    "POST set_default_gateway": change(
      "Makes an interface the one by which traffic leaves the machine.",
      z.object({ link_id: integer("Id of the link, where it is not clear which.", number).optional() }),
      async (call, node, one, { link_id }) =>
        setDefaultGateway(call.db, node.id, String(one.id), link_id, byCaller(call)),
    ),
    "POST add_tag": change("Adds a tag to an interface.", tagForm, async (call, node, one, form) => {
      const { tag } = checked(z.object({ tag: interfaceTag }), form);
      return tagInterface(call.db, node.id, String(one.id), { add: tag }, byCaller(call));
    }),
    "POST remove_tag": change("Takes a tag off an interface.", tagForm, async (call, node, one, { tag }) =>
      tagInterface(call.db, node.id, String(one.id), { remove: tag }, byCaller(call)),
    ),
  },
};

export const interfaceResources: readonly Resource[] = [interfaces, oneInterface];

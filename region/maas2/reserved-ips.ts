import { type ReservedIp, reservedIpCreate } from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import {
  createReservedIp,
  deleteReservedIp,
  getReservedIp,
  listReservedIps,
  updateReservedIp,
} from "../networks/reserved-ips.ts";
import { byOf, checked, given, matching, numberOf } from "./common.ts";
import { inWords, ip, mac, named } from "./network-parameters.ts";
import { loadNetworks } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const nothing = z.object({});
const comment = text("What it is for.", 1024).optional();
const creation = z.object({
  ip: ip("The address to reserve."),
  subnet: text("Subnet it is of; the one that holds it where it is left out.").optional(),
  mac_address: mac("The network card to reserve it for."),
  comment,
});
/** What it is cannot change; who sends it all back unchanged is not refused. */
const change = creation.partial();

/** Names of our fields in MAAS's words. */
const words = { address: "ip", mac: "mac_address", subnet_id: "subnet" };
const model = "ReservedIP";
const most = 1_000_000;

async function shown({ db }: Call, all: readonly ReservedIp[]): Promise<object[]> {
  const networks = await loadNetworks(db);
  return all.map(({ id, address, mac: card, comment: words, subnet_id }) => ({
    id,
    ip: address,
    subnet: networks.subnet(subnet_id),
    mac_address: card,
    comment: words,
    resource_uri: `/MAAS/api/2.0/reservedips/${id}/`,
  }));
}

const one = async (call: Call, reserved: ReservedIp) => ({ json: (await shown(call, [reserved]))[0] });
const reservedId = (call: Call): number => numberOf(call, "id", model);
const subnetOf = async ({ db }: Call, subnet: string | undefined) =>
  subnet === undefined || subnet === "" ? undefined : named(db, "subnet", "subnet", subnet);

export const reservedIpsResources: readonly Resource[] = [
  {
    handler: "ReservedIpsHandler",
    path: "reservedips/",
    doc: "Addresses that DHCP gives to one network card and to no other.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every reserved IP.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await listReservedIps(call.db, 0, most)) }),
      }),
      POST: operation({
        access: "admin",
        title: "Reserves an address for a network card.",
        parameters: creation,
        run: async (call, { ip: address, mac_address, subnet, comment: remark }) => {
          const subnet_id = await subnetOf(call, subnet);
          const fields = given({ address, mac: mac_address, subnet_id, comment: remark });
          const reserved = await inWords(words, async () =>
            createReservedIp(call.db, checked(reservedIpCreate, fields), byOf(call)),
          );
          return one(call, reserved);
        },
      }),
    },
  },
  {
    handler: "ReservedIpHandler",
    path: "reservedips/{id}/",
    doc: "One reserved IP.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a reserved IP.",
        parameters: nothing,
        run: async (call) => one(call, await matching(model, getReservedIp(call.db, reservedId(call)))),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes the comment of a reserved IP.",
        parameters: change,
        run: async (call, { comment: remark, ip: address, mac_address, subnet }) => {
          const before = await matching(model, getReservedIp(call.db, reservedId(call)));
          const subnetId = await subnetOf(call, subnet);
          for (const [field, sent, is] of [
            ["ip", address, before.address],
            ["mac_address", mac_address, before.mac],
            ["subnet", subnetId, before.subnet_id],
          ] as const)
            if (sent !== undefined && sent !== is)
              throw InputError.field(field, sent, "This field cannot change. Delete the reservation and make another.");
          const fields = given({ comment: remark });
          return one(call, await matching(model, updateReservedIp(call.db, before.id, fields, byOf(call))));
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Gives a reserved IP up.",
        parameters: nothing,
        run: async (call) => {
          await matching(model, deleteReservedIp(call.db, reservedId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];

import { type IpRange, ipRangeCreate, ipRangeUpdate } from "@rackwright/contract";
import { z } from "zod";
import { createIpRange, deleteIpRange, getIpRange, listIpRanges, updateIpRange } from "../networks/ip-ranges.ts";
import { everyUser } from "../users/users.ts";
import { callerOf, checked, given, matching, numberOf } from "./common.ts";
import { inWords, ip, named } from "./network-parameters.ts";
import { loadNetworks } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, text } from "./parameters.ts";
import { renderUser } from "./users.ts";

const nothing = z.object({});
const change = z.object({
  type: choice("dynamic: DHCP gives these addresses to strangers; reserved: nothing is picked from them.", [
    "dynamic",
    "reserved",
  ]).optional(),
  start_ip: ip("Its first address.").optional(),
  end_ip: ip("Its last address.").optional(),
  subnet: text("Subnet it is in; that of its first address where it is left out.").optional(),
  comment: text("What it is for.").optional(),
  user: text("Whose it is; an administrator may name another user.").optional(),
});
const creation = change.required({ type: true, start_ip: true, end_ip: true });

/** Names of our fields in MAAS's words. */
const words = { first: "start_ip", last: "end_ip", subnet_id: "subnet", owner: "user" };
const model = "IPRange";
const most = 1_000_000;

const byCaller = (call: Call) => ({ caller: callerOf(call), now: call.clock.now() });

async function wanted({ db }: Call, parameters: z.output<typeof change>): Promise<object> {
  const { start_ip, end_ip, subnet, user, ...rest } = parameters;
  return given({
    ...rest,
    first: start_ip,
    last: end_ip,
    subnet_id: subnet === undefined || subnet === "" ? undefined : await named(db, "subnet", "subnet", subnet),
    owner: user === "" ? undefined : user,
  });
}

/** Ranges as clients see them: queries do not grow with them. */
async function shown({ db }: Call, ranges: readonly IpRange[]): Promise<object[]> {
  const networks = await loadNetworks(db);
  const users = new Map((await everyUser(db)).map((user) => [user.username, renderUser(user)]));
  return ranges.map(({ id, type, first, last, comment, owner, subnet_id }) => ({
    id,
    type,
    start_ip: first,
    end_ip: last,
    comment,
    user: owner === null ? null : (users.get(owner) ?? null),
    subnet: networks.subnet(subnet_id),
    resource_uri: `/MAAS/api/2.0/ipranges/${id}/`,
  }));
}

const one = async (call: Call, range: IpRange) => ({ json: (await shown(call, [range]))[0] });
const rangeId = (call: Call): number => numberOf(call, "id", model);

export const ipRangesResources: readonly Resource[] = [
  {
    handler: "IPRangesHandler",
    path: "ipranges/",
    doc: "Ranges of a subnet's addresses: dynamic ones for DHCP, and reserved ones.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every range.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await listIpRanges(call.db, 0, most)) }),
      }),
      POST: operation({
        access: "user",
        title: "Creates a range: any user a reserved one, an administrator a dynamic one.",
        parameters: creation,
        run: async (call, parameters) => {
          const fields = await wanted(call, parameters);
          const range = await inWords(words, async () =>
            createIpRange(call.db, checked(ipRangeCreate, fields), byCaller(call)),
          );
          return one(call, range);
        },
      }),
    },
  },
  {
    handler: "IPRangeHandler",
    path: "ipranges/{id}/",
    doc: "One range.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a range.",
        parameters: nothing,
        run: async (call) => one(call, await matching(model, getIpRange(call.db, rangeId(call)))),
      }),
      PUT: operation({
        access: "user",
        title: "Changes a range.",
        parameters: change,
        run: async (call, parameters) => {
          const id = rangeId(call);
          await matching(model, getIpRange(call.db, id));
          const fields = await wanted(call, parameters);
          const range = await inWords(words, () =>
            matching(model, updateIpRange(call.db, id, checked(ipRangeUpdate, fields), byCaller(call))),
          );
          return one(call, range);
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Deletes a range.",
        parameters: nothing,
        run: async (call) => {
          await matching(model, deleteIpRange(call.db, rangeId(call), byCaller(call)));
          return { status: 204 };
        },
      }),
    },
  },
];

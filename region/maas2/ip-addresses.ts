import { hostname, ipAddressCreate } from "@rackwright/contract";
import { z } from "zod";
import { Denied, InputError, NotFound } from "../errors.ts";
import { type Holding, listHoldings } from "../networks/address-book.ts";
import { listIpAddresses, releaseIpAddress, reserveIpAddress } from "../networks/ip-addresses.ts";
import { everyUser } from "../users/users.ts";
import { allocationTypes } from "./allocation-types.ts";
import { callerOf, checked, given, localTime } from "./common.ts";
import { type MaasInterface, renderInterfaces } from "./interface-render.ts";
import { inText, inWords, ip, mac, named } from "./network-parameters.ts";
import { loadNetworks } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, text } from "./parameters.ts";
import { renderUser } from "./users.ts";

const listing = z.object({
  ip: ip("Only this address.").optional(),
  all: flag("Addresses of everybody and everything; for administrators.").optional(),
  owner: text("Addresses this user set aside; for administrators.", 256).optional(),
});
const reservation = z.object({
  subnet: text("Subnet to pick an address of.").optional(),
  ip: ip("The address to set aside.").optional(),
  ip_address: ip("The same as ip.").optional(),
  hostname: text("Name of what will have it.", 256).optional(),
  mac: mac("MAC address of what will have it.").optional(),
});
const releasing = z.object({
  ip: ip("The address to release."),
  force: flag("Also one of another user; for administrators.").default(false),
  discovered: flag("Only one that was merely seen; for administrators.").default(false),
});

/** Names of our fields in MAAS's words. */
const words = { address: "ip", subnet_id: "subnet" };
const most = 1_000_000;

/** Addresses as clients see them: queries do not grow with them. */
async function shown(call: Call, rows: readonly Holding[]): Promise<object[]> {
  const { db, clock } = call;
  const networks = await loadNetworks(db);
  const users = new Map((await everyUser(db)).map((user) => [user.username, renderUser(user)]));
  const nodes = [...new Set(rows.flatMap(({ node }) => (node === null || node.kind === "rack" ? [] : node.system_id)))];
  const interfaces = await renderInterfaces(db, nodes, { now: clock.now(), networks });
  const interfaceOf = ({ node, interface_id }: Holding): MaasInterface[] =>
    (interfaces.get(node?.system_id ?? "") ?? []).filter(({ id }) => id === interface_id);
  return rows.map((row) => ({
    alloc_type: allocationTypes[row.kind].number,
    alloc_type_name: allocationTypes[row.kind].name,
    created: localTime(row.created_at),
    ip: row.address,
    owner: row.owner === null ? null : (users.get(row.owner) ?? null),
    subnet: row.subnet_id === null ? null : networks.subnet(row.subnet_id),
    interface_set: interfaceOf(row),
    resource_uri: "/MAAS/api/2.0/ipaddresses/",
  }));
}

/** Terraform's provider releases an address twice where two names had it, and knows that it is gone by these words. */
const notThere = (address: string) =>
  new NotFound(`The IP address ${address} does not exist among those that are set aside.`);

function requireAdministrator(call: Call, what: string): void {
  if (!callerOf(call).administrator) throw new Denied(`Only an administrator may ${what}.`);
}

async function addresses(call: Call, asked: z.output<typeof listing>): Promise<Holding[]> {
  const caller = callerOf(call);
  if (asked.all === true) requireAdministrator(call, "list the addresses of everybody");
  if (asked.owner !== undefined) requireAdministrator(call, "list the addresses of others");
  const rows = await listHoldings(call.db, caller, call.clock.now(), { address: asked.ip });
  if (asked.all === true) return rows;
  const own = await listIpAddresses(call.db, caller, 0, most, { address: asked.ip, owner: asked.owner });
  const ids = new Set(
    own.filter((row) => asked.owner !== undefined || row.owner_id === caller.id).map((row) => row.address),
  );
  return rows.filter(({ kind, address }) => kind === "user" && ids.has(address));
}

export const ipAddressesResources: readonly Resource[] = [
  {
    handler: "IPAddressesHandler",
    path: "ipaddresses/",
    doc: "Addresses that users set aside, and those that machines and devices have.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists the addresses one set aside; an administrator may list those of others, and all there are.",
        parameters: listing,
        run: async (call, asked) => ({ json: await shown(call, await addresses(call, asked)) }),
      }),
      "POST reserve": operation({
        access: "user",
        title: "Sets an address aside, or one that is picked of a subnet.",
        parameters: reservation,
        run: async (call, asked) => {
          const { subnet, mac: card, hostname: name } = asked;
          const address = asked.ip ?? asked.ip_address;
          if (address === undefined && (subnet === undefined || subnet === ""))
            throw new InputError("Must supply either an IP address or a subnet.");
          const fields = given({
            address,
            subnet_id:
              subnet === undefined || subnet === "" ? undefined : await named(call.db, "subnet", "subnet", subnet),
            mac: card,
            hostname: name === undefined || name === "" ? undefined : name.toLowerCase().split(".")[0],
          });
          const wanted = checked(ipAddressCreate.extend({ hostname: hostname.nullable().default(null) }), fields);
          const by = { caller: callerOf(call), now: call.clock.now() };
          const made = await inWords(words, () => reserveIpAddress(call.db, wanted, by), { conflicts: "told" });
          const rows = await listHoldings(call.db, by.caller, by.now, { address: made.address });
          return {
            json: (
              await shown(
                call,
                rows.filter(({ kind }) => kind === "user"),
              )
            )[0],
          };
        },
      }),
      "POST release": operation({
        access: "user",
        title: "Gives an address that was set aside free again.",
        parameters: releasing,
        run: async (call, { ip: address, force, discovered }) => {
          if (force) requireAdministrator(call, "release addresses of others");
          if (discovered) requireAdministrator(call, "release addresses that were seen");
          const caller = callerOf(call);
          const all = { ...caller, administrator: true };
          // Nothing is kept of addresses that were merely seen.
          const [row] = discovered ? [] : await listIpAddresses(call.db, all, 0, 1, { address });
          if (row === undefined) throw notThere(address);
          if (row.owner_id !== caller.id && !force)
            throw new InputError(`The address ${address} is not yours, so you cannot release it.`);
          await inText(releaseIpAddress(call.db, row.id, { caller, now: call.clock.now() })).catch((error: unknown) => {
            throw error instanceof NotFound ? notThere(address) : error;
          });
          return { status: 204 };
        },
      }),
    },
  },
];

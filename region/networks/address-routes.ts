import * as contract from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import { printIp } from "./ip.ts";
import * as addresses from "./ip-addresses.ts";
import * as ranges from "./ip-ranges.ts";
import { idParams, registerNoun } from "./noun-routes.ts";
import * as reserved from "./reserved-ips.ts";
import { suggest } from "./suggest.ts";
import { readUsage, sizeOf } from "./usage.ts";

/** `/api/v1/` ip-ranges, reserved-ips and ip-addresses, and how a subnet's addresses are used. */
export function registerAddressRoutes(app: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  const byCaller = (request: FastifyRequest) => ({ caller: callerOf(request), now: clock.now() });

  registerNoun(app, {
    title: "an IP range",
    titles: "IP ranges",
    shown: ranges.ipRangeList,
    create: contract.ipRangeCreate,
    update: contract.ipRangeUpdate,
    filters: {
      subnet_id: z.coerce
        .number()
        .int()
        .min(0)
        .max(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe("only those of a subnet"),
    },
    list: (_, asked, { subnet_id }) => ranges.pageOfIpRanges(db, asked, subnet_id ?? null),
    read: (_, id) => ranges.getIpRange(db, id),
    make: (request, wanted) => ranges.createIpRange(db, wanted, byCaller(request)),
    change: (request, id, change) => ranges.updateIpRange(db, id, change, byCaller(request)),
    remove: (request, id) => ranges.deleteIpRange(db, id, byCaller(request)),
  });
  registerNoun(app, {
    title: "a reserved IP",
    titles: "reserved IPs",
    shown: reserved.reservedIpList,
    create: contract.reservedIpCreate,
    update: contract.reservedIpUpdate,
    filters: {},
    list: (_, asked) => reserved.pageOfReservedIps(db, asked),
    read: (_, id) => reserved.getReservedIp(db, id),
    make: (request, wanted) => reserved.createReservedIp(db, wanted, by(request)),
    change: (request, id, change) => reserved.updateReservedIp(db, id, change, by(request)),
    remove: (request, id) => reserved.deleteReservedIp(db, id, by(request)),
  });
  registerNoun(app, {
    title: "an IP address that is set aside",
    titles: "IP addresses that are set aside or configured on interfaces: own ones, to administrators all",
    shown: addresses.ipAddressList,
    create: contract.ipAddressCreate,
    update: contract.ipAddressUpdate,
    filters: {
      address: contract.ipAddress.optional().describe("only this address"),
      owner: z.string().max(256).optional().describe("only those of this user"),
    },
    list: (request, asked, filters) => addresses.pageOfIpAddresses(db, callerOf(request), asked, filters),
    read: (request, id) => addresses.getIpAddress(db, id, callerOf(request)),
    make: (request, wanted) => addresses.reserveIpAddress(db, wanted, byCaller(request)),
    change: (request, id, change) => addresses.updateIpAddress(db, id, change, byCaller(request)),
    remove: (request, id) => addresses.releaseIpAddress(db, id, byCaller(request)),
  });
  app.get(
    "/api/v1/subnets/:id/usage",
    {
      schema: {
        summary: "Tell how the addresses of a subnet are used",
        tags: ["networks"],
        params: idParams,
        response: { 200: contract.subnetUsage },
      },
    },
    async ({ params }) => {
      const usage = await readUsage(db, params.id, clock.now());
      const text = (value: bigint): string => printIp({ version: usage.network.version, value });
      const { gateway, dynamicRange } = suggest(usage);
      return {
        total: Number(usage.total),
        used: Number(usage.used),
        free: Number(usage.free),
        largest_free: Number(usage.largestFree),
        ranges: usage.stretches.map((stretch) => ({
          first: text(stretch.first),
          last: text(stretch.last),
          count: Number(sizeOf(stretch)),
          purposes: [...stretch.purposes],
        })),
        suggested_gateway: gateway === null ? null : text(gateway),
        suggested_dynamic_range:
          dynamicRange === null ? null : { first: text(dynamicRange.first), last: text(dynamicRange.last) },
      };
    },
  );
}

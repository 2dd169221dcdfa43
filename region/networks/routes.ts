import * as contract from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import type { Guards } from "../racks/routes.ts";
import { registerAddressRoutes } from "./address-routes.ts";
import * as fabrics from "./fabrics.ts";
import { leaseList, pageOfLeases } from "./lease-list.ts";
import { registerNoun } from "./noun-routes.ts";
import * as spaces from "./spaces.ts";
import * as routes from "./static-routes.ts";
import * as subnets from "./subnets.ts";
import * as vlans from "./vlans.ts";

const leaseQuery = listQuery(leaseList).extend({
  subnet_id: z.coerce.number().int().optional().describe("only those of a subnet"),
  mac: contract.macAddress.optional().describe("only that of this card"),
});

/** `/api/v1/` fabrics, vlans, spaces, subnets, static-routes and leases, and those of addresses. */
export function registerNetworkRoutes(app: App, deps: { db: Database; clock: Clock; guards: Guards }): void {
  const { db, clock, guards } = deps;
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });

  registerNoun(app, {
    title: "a fabric",
    titles: "fabrics",
    shown: fabrics.fabricList,
    create: contract.fabricCreate,
    update: contract.fabricUpdate,
    filters: {},
    list: (_, asked) => fabrics.pageOfFabrics(db, asked),
    read: (_, id) => fabrics.getFabric(db, id),
    make: (request, wanted) => fabrics.createFabric(db, wanted, by(request)),
    change: (request, id, change) => fabrics.updateFabric(db, id, change, by(request)),
    remove: (request, id) => fabrics.deleteFabric(db, id, by(request)),
  });
  registerNoun(app, {
    title: "a VLAN",
    titles: "VLANs",
    shown: vlans.vlanList,
    create: contract.vlanCreate,
    update: contract.vlanUpdate,
    filters: {
      fabric_id: z.coerce
        .number()
        .int()
        .min(0)
        .max(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe("only those of a fabric"),
    },
    list: (_, asked, { fabric_id }) => vlans.pageOfVlans(db, asked, fabric_id ?? null),
    read: (_, id) => vlans.getVlan(db, id),
    make: (request, wanted) => vlans.createVlan(db, wanted, by(request)),
    change: (request, id, change) => vlans.updateVlan(db, id, change, by(request)),
    remove: (request, id) => vlans.deleteVlan(db, id, by(request)),
  });
  registerNoun(app, {
    title: "a space",
    titles: "spaces",
    shown: spaces.spaceList,
    create: contract.spaceCreate,
    update: contract.spaceUpdate,
    filters: {},
    list: (_, asked) => spaces.pageOfSpaces(db, asked),
    read: (_, id) => spaces.getSpace(db, id),
    make: (request, wanted) => spaces.createSpace(db, wanted, by(request)),
    change: (request, id, change) => spaces.updateSpace(db, id, change, by(request)),
    remove: (request, id) => spaces.deleteSpace(db, id, by(request)),
  });
  registerNoun(app, {
    title: "a subnet",
    titles: "subnets",
    shown: subnets.subnetList,
    create: contract.subnetCreate,
    update: contract.subnetUpdate,
    filters: {},
    list: (_, asked) => subnets.pageOfSubnets(db, asked),
    read: (_, id) => subnets.getSubnet(db, id),
    make: (request, wanted) => subnets.createSubnet(db, wanted, by(request)),
    change: (request, id, change) => subnets.updateSubnet(db, id, change, by(request)),
    remove: (request, id) => subnets.deleteSubnet(db, id, by(request)),
  });
  registerNoun(app, {
    title: "a static route",
    titles: "static routes",
    shown: routes.staticRouteList,
    create: contract.staticRouteCreate,
    update: contract.staticRouteUpdate,
    filters: {},
    list: (_, asked) => routes.pageOfStaticRoutes(db, asked),
    read: (_, id) => routes.getStaticRoute(db, id),
    make: (request, wanted) => routes.createStaticRoute(db, wanted, by(request)),
    change: (request, id, change) => routes.updateStaticRoute(db, id, change, by(request)),
    remove: (request, id) => routes.deleteStaticRoute(db, id, by(request)),
  });
  registerAddressRoutes(app, { db, clock });
  app.get(
    "/api/v1/leases",
    {
      preHandler: guards.user,
      schema: {
        summary: "List DHCP leases",
        tags: ["networks"],
        querystring: leaseQuery,
        response: { 200: contract.pageOf(contract.lease) },
      },
    },
    async (incoming) => {
      const { subnet_id, mac, ...asked } = incoming.query;
      return pageOfLeases(db, { subnet_id, mac, viewer: callerOf(incoming) }, clock.now(), asked);
    },
  );
}

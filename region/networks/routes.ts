import { isIPv4 } from "node:net";
import * as contract from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { administratorOf, callerOf } from "../http/auth.ts";
import type { Guards } from "../racks/routes.ts";
import { registerAddressRoutes } from "./address-routes.ts";
import * as fabrics from "./fabrics.ts";
import { listLeases } from "./lease-list.ts";
import { badCursor, registerNoun } from "./noun-routes.ts";
import * as spaces from "./spaces.ts";
import * as routes from "./static-routes.ts";
import * as subnets from "./subnets.ts";
import * as vlans from "./vlans.ts";

const leaseQuery = contract.pageQuery.extend({
  subnet_id: z.coerce.number().int().optional(),
  mac: contract.macAddress.optional(),
});

/** `/api/v1/` fabrics, vlans, spaces, subnets, static-routes and leases, and those of addresses. */
export function registerNetworkRoutes(app: App, deps: { db: Database; clock: Clock; guards: Guards }): void {
  const { db, clock, guards } = deps;
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });

  registerNoun(app, {
    path: "fabrics",
    title: "a fabric",
    titles: "fabrics",
    item: contract.fabric,
    create: contract.fabricCreate,
    update: contract.fabricUpdate,
    filters: {},
    list: (_, { after, limit }) => fabrics.listFabrics(db, after, limit),
    read: (_, id) => fabrics.getFabric(db, id),
    make: (request, wanted) => fabrics.createFabric(db, wanted, by(request)),
    change: (request, id, change) => fabrics.updateFabric(db, id, change, by(request)),
    remove: (request, id) => fabrics.deleteFabric(db, id, by(request)),
  });
  registerNoun(app, {
    path: "vlans",
    title: "a VLAN",
    titles: "VLANs",
    item: contract.vlan,
    create: contract.vlanCreate,
    update: contract.vlanUpdate,
    filters: { fabric_id: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() },
    list: (_, { after, limit, filters }) => vlans.listVlans(db, after, limit, filters.fabric_id ?? null),
    read: (_, id) => vlans.getVlan(db, id),
    make: (request, wanted) => vlans.createVlan(db, wanted, by(request)),
    change: (request, id, change) => vlans.updateVlan(db, id, change, by(request)),
    remove: (request, id) => vlans.deleteVlan(db, id, by(request)),
  });
  registerNoun(app, {
    path: "spaces",
    title: "a space",
    titles: "spaces",
    item: contract.space,
    create: contract.spaceCreate,
    update: contract.spaceUpdate,
    filters: {},
    list: (_, { after, limit }) => spaces.listSpaces(db, after, limit),
    read: (_, id) => spaces.getSpace(db, id),
    make: (request, wanted) => spaces.createSpace(db, wanted, by(request)),
    change: (request, id, change) => spaces.updateSpace(db, id, change, by(request)),
    remove: (request, id) => spaces.deleteSpace(db, id, by(request)),
  });
  registerNoun(app, {
    path: "subnets",
    title: "a subnet",
    titles: "subnets",
    item: contract.subnet,
    create: contract.subnetCreate,
    update: contract.subnetUpdate,
    filters: {},
    list: (_, { after, limit }) => subnets.listSubnets(db, after, limit),
    read: (_, id) => subnets.getSubnet(db, id),
    make: (request, wanted) => subnets.createSubnet(db, wanted, by(request)),
    change: (request, id, change) => subnets.updateSubnet(db, id, change, by(request)),
    remove: (request, id) => subnets.deleteSubnet(db, id, by(request)),
  });
  registerNoun(app, {
    path: "static-routes",
    title: "a static route",
    titles: "static routes",
    item: contract.staticRoute,
    create: contract.staticRouteCreate,
    update: contract.staticRouteUpdate,
    filters: {},
    list: (_, { after, limit }) => routes.listStaticRoutes(db, after, limit),
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
      const { query } = incoming;
      const viewer = callerOf(incoming);
      const [id, address, ...more] = (query.cursor ?? "0,0.0.0.0").split(",");
      if (!/^\d{1,15}$/.test(id ?? "") || !isIPv4(address ?? "") || more.length > 0) throw badCursor(query.cursor);
      const items = await listLeases(db, { ...query, viewer }, clock.now(), query.cursor, query.limit + 1);
      const page = items.slice(0, query.limit);
      const last = page.at(-1);
      const goesOn = items.length > query.limit && last !== undefined;
      return { items: page, next: goesOn ? `${last.subnet_id},${last.address}` : null };
    },
  );
}

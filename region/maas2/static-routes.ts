import { type StaticRoute, staticRouteCreate, staticRouteUpdate } from "@rackwright/contract";
import { z } from "zod";
import {
  createStaticRoute,
  deleteStaticRoute,
  getStaticRoute,
  listStaticRoutes,
  updateStaticRoute,
} from "../networks/static-routes.ts";
import { byOf, checked, given, matching, numberOf } from "./common.ts";
import { inWords, ip, named } from "./network-parameters.ts";
import { loadNetworks } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { integer, text } from "./parameters.ts";

const nothing = z.object({});
const change = z.object({
  source: text("Subnet whose machines have the route.").optional(),
  destination: text("Subnet it leads to.").optional(),
  gateway_ip: ip("Router on the source subnet.").optional(),
  metric: integer("What it costs: of several routes the cheapest is taken.").optional(),
});
const creation = change.required({ source: true, destination: true, gateway_ip: true });

/** Names of our fields in MAAS's words. */
const words = { source_id: "source", destination_id: "destination", gateway: "gateway_ip" };
const model = "StaticRoute";
const most = 1_000_000;

async function wanted({ db }: Call, { source, destination, gateway_ip, metric }: z.output<typeof change>) {
  return given({
    source_id: source === undefined ? undefined : await named(db, "subnet", "source", source),
    destination_id: destination === undefined ? undefined : await named(db, "subnet", "destination", destination),
    gateway: gateway_ip,
    metric,
  });
}

async function shown({ db }: Call, routes: readonly StaticRoute[]): Promise<object[]> {
  const networks = await loadNetworks(db);
  return routes.map(({ id, source_id, destination_id, gateway, metric }) => ({
    id,
    source: networks.subnet(source_id),
    destination: networks.subnet(destination_id),
    gateway_ip: gateway,
    metric,
    resource_uri: `/MAAS/api/2.0/static-routes/${id}/`,
  }));
}

const one = async (call: Call, route: StaticRoute) => ({ json: (await shown(call, [route]))[0] });
const routeId = (call: Call): number => numberOf(call, "id", model);

export const staticRoutesResources: readonly Resource[] = [
  {
    handler: "StaticRoutesHandler",
    path: "static-routes/",
    doc: "Routes that machines of a subnet have to another subnet.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every static route.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await listStaticRoutes(call.db, 0, most)) }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a static route.",
        parameters: creation,
        run: async (call, parameters) => {
          const fields = await wanted(call, parameters);
          const route = await inWords(words, async () =>
            createStaticRoute(call.db, checked(staticRouteCreate, fields), byOf(call)),
          );
          return one(call, route);
        },
      }),
    },
  },
  {
    handler: "StaticRouteHandler",
    path: "static-routes/{id}/",
    doc: "One static route.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a static route.",
        parameters: nothing,
        run: async (call) => one(call, await matching(model, getStaticRoute(call.db, routeId(call)))),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a static route.",
        parameters: change,
        run: async (call, parameters) => {
          const id = routeId(call);
          await matching(model, getStaticRoute(call.db, id));
          const fields = await wanted(call, parameters);
          const route = await inWords(words, () =>
            matching(model, updateStaticRoute(call.db, id, checked(staticRouteUpdate, fields), byOf(call))),
          );
          return one(call, route);
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a static route.",
        parameters: nothing,
        run: async (call) => {
          await matching(model, deleteStaticRoute(call.db, routeId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];

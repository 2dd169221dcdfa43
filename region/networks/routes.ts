import { isIPv4 } from "node:net";
import { lease, macAddress, pageOf, pageQuery, subnet, subnetCreate, subnetUpdate } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import type { App } from "../http/app.ts";
import { InputError } from "../errors.ts";
import { callerOf } from "../http/auth.ts";
import type { Guards } from "../racks/routes.ts";
import { listLeases } from "./lease-list.ts";
import { createSubnet, deleteSubnet, getSubnet, listSubnets, updateSubnet } from "./subnets.ts";

const params = z.object({ id: z.coerce.number().int().positive() });
const leaseQuery = pageQuery.extend({ subnet_id: z.coerce.number().int().optional(), mac: macAddress.optional() });

/** `/api/v1/subnets` and `/api/v1/leases`. */
export function registerNetworkRoutes(app: App, deps: { db: Database; clock: Clock; guards: Guards }): void {
  const { db, clock, guards } = deps;
  const tags = ["networks"];
  const by = (request: FastifyRequest) => ({ actor: callerOf(request).username, now: clock.now() });

  app.get(
    "/api/v1/subnets",
    {
      preHandler: guards.user,
      schema: { summary: "List subnets", tags, querystring: pageQuery, response: { 200: pageOf(subnet) } },
    },
    async ({ query }) => {
      const after = query.cursor === undefined ? 0 : Number(query.cursor);
      if (!Number.isSafeInteger(after)) throw badCursor(query.cursor);
      const items = await listSubnets(db, after, query.limit + 1);
      const page = items.slice(0, query.limit);
      return { items: page, next: items.length > query.limit ? String(page.at(-1)?.id) : null };
    },
  );
  app.post(
    "/api/v1/subnets",
    {
      preHandler: guards.administrator,
      schema: { summary: "Create a subnet", tags, body: subnetCreate, response: { 201: subnet } },
    },
    async (request, reply) => {
      const made = await createSubnet(db, request.body, by(request));
      return reply.code(201).header("location", `/api/v1/subnets/${made.id}`).send(made);
    },
  );
  app.get(
    "/api/v1/subnets/:id",
    { preHandler: guards.user, schema: { summary: "Read a subnet", tags, params, response: { 200: subnet } } },
    ({ params }) => getSubnet(db, params.id),
  );
  app.patch(
    "/api/v1/subnets/:id",
    {
      preHandler: guards.administrator,
      schema: { summary: "Change a subnet", tags, params, body: subnetUpdate, response: { 200: subnet } },
    },
    (incoming) => updateSubnet(db, incoming.params.id, incoming.body, by(incoming)),
  );
  app.delete(
    "/api/v1/subnets/:id",
    {
      preHandler: guards.administrator,
      schema: { summary: "Delete a subnet", tags, params, response: { 204: z.null() } },
    },
    async (request, reply) => {
      await deleteSubnet(db, request.params.id, by(request));
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/leases",
    {
      preHandler: guards.user,
      schema: { summary: "List DHCP leases", tags, querystring: leaseQuery, response: { 200: pageOf(lease) } },
    },
    async ({ query }) => {
      const [id, address, ...more] = (query.cursor ?? "0,0.0.0.0").split(",");
      if (!/^\d{1,15}$/.test(id ?? "") || !isIPv4(address ?? "") || more.length > 0) throw badCursor(query.cursor);
      const items = await listLeases(db, query, clock.now(), query.cursor, query.limit + 1);
      const page = items.slice(0, query.limit);
      const last = page.at(-1);
      const goesOn = items.length > query.limit && last !== undefined;
      return { items: page, next: goesOn ? `${last.subnet_id},${last.address}` : null };
    },
  );
}

const badCursor = (cursor: string | undefined): InputError =>
  InputError.field("cursor", cursor, "must be the 'next' value of an earlier page");

import {
  dnsRecordCreate,
  dnsRecordUpdate,
  dnsResource,
  dnsResourceCreate,
  dnsResourceUpdate,
  domain,
  domainCreate,
  domainUpdate,
  pageOf,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import {
  createDomain,
  deleteDomain,
  domainList,
  pageOfDomains,
  preferDomain,
  readDomain,
  updateDomain,
} from "./domains.ts";
import {
  createRecord,
  createResource,
  deleteRecord,
  deleteResource,
  dnsResourceList,
  pageOfResources,
  readResource,
  updateRecord,
  updateResource,
} from "./resources.ts";

const tags = ["dns"];
const number = z
  .string()
  .regex(/^[0-9]{1,15}$/, "must be a number from the list")
  .transform(Number);
const params = z.object({ id: number });
const gone = { 204: z.undefined() };

/** Domains, and the names below them with their addresses and records. */
export function registerDnsRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    "/api/v1/domains",
    {
      schema: { tags, summary: "List domains", querystring: listQuery(domainList), response: { 200: pageOf(domain) } },
    },
    async (incoming) => pageOfDomains(db, incoming.query),
  );
  routes.post(
    "/api/v1/domains",
    { schema: { tags, summary: "Create a domain", body: domainCreate, response: { 201: domain } } },
    async (request, reply) => {
      const made = await createDomain(db, request.body, by(request));
      return reply.code(201).header("location", `/api/v1/domains/${made.id}`).send(made);
    },
  );
  routes.get(
    "/api/v1/domains/:id",
    { schema: { tags, summary: "One domain", params, response: { 200: domain } } },
    async (incoming) => readDomain(db, incoming.params.id),
  );
  routes.patch(
    "/api/v1/domains/:id",
    { schema: { tags, summary: "Change a domain", params, body: domainUpdate, response: { 200: domain } } },
    async (incoming) => updateDomain(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.post(
    "/api/v1/domains/:id/default",
    {
      schema: {
        tags,
        summary: "Make it the domain of machines and devices that come without one",
        params,
        response: { 200: domain },
      },
    },
    async (incoming) => preferDomain(db, incoming.params.id, by(incoming)),
  );
  routes.delete(
    "/api/v1/domains/:id",
    { schema: { tags, summary: "Delete a domain that nothing is in", params, response: gone } },
    async (request, reply) => {
      await deleteDomain(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
  registerResourceRoutes(routes, db, by);
}

function registerResourceRoutes(
  routes: App,
  db: Database,
  by: (request: FastifyRequest) => { actor: string; now: Date },
): void {
  const wanted = listQuery(dnsResourceList).extend({
    domain_id: number.optional().describe("only those of a domain"),
    name: z.string().max(253).optional().describe("only this name, without its domain"),
  });
  routes.get(
    "/api/v1/dns-resources",
    {
      schema: { tags, summary: "List DNS resources", querystring: wanted, response: { 200: pageOf(dnsResource) } },
    },
    async ({ query: { domain_id, name, ...asked } }) => pageOfResources(db, { domain_id, name }, asked),
  );
  routes.post(
    "/api/v1/dns-resources",
    {
      schema: {
        tags,
        summary: "Create a name with addresses",
        body: dnsResourceCreate,
        response: { 201: dnsResource },
      },
    },
    async (request, reply) => {
      const made = await createResource(db, request.body, by(request));
      return reply.code(201).header("location", `/api/v1/dns-resources/${made.id}`).send(made);
    },
  );
  routes.get(
    "/api/v1/dns-resources/:id",
    { schema: { tags, summary: "One DNS resource", params, response: { 200: dnsResource } } },
    async (incoming) => readResource(db, incoming.params.id),
  );
  routes.patch(
    "/api/v1/dns-resources/:id",
    {
      schema: {
        tags,
        summary: "Change a DNS resource; addresses replace those there are",
        params,
        body: dnsResourceUpdate,
        response: { 200: dnsResource },
      },
    },
    async (incoming) => updateResource(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    "/api/v1/dns-resources/:id",
    { schema: { tags, summary: "Delete a DNS resource with its records", params, response: gone } },
    async (request, reply) => {
      await deleteResource(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
  routes.post(
    "/api/v1/dns-resources/:id/records",
    {
      schema: {
        tags,
        summary: "Add a record to a DNS resource",
        params,
        body: dnsRecordCreate,
        response: { 201: dnsResource },
      },
    },
    async (request, reply) => {
      const { resource } = await createRecord(db, { id: request.params.id }, request.body, by(request));
      return reply.code(201).send(resource);
    },
  );
  routes.patch(
    "/api/v1/dns-records/:id",
    {
      schema: { tags, summary: "Change a DNS record", params, body: dnsRecordUpdate, response: { 200: dnsResource } },
    },
    async (incoming) => updateRecord(db, incoming.params.id, incoming.body, by(incoming)),
  );
  routes.delete(
    "/api/v1/dns-records/:id",
    {
      schema: {
        tags,
        summary: "Delete a DNS record, and its name where that says nothing any more",
        params,
        response: gone,
      },
    },
    async (request, reply) => {
      await deleteRecord(db, request.params.id, by(request));
      return reply.code(204).send();
    },
  );
}

import {
  ldapCreate,
  ldapServer,
  ldapUpdate,
  oidcCreate,
  oidcProvider,
  oidcUpdate,
  pageOf,
  providerName,
} from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import {
  createLdap,
  createOidc,
  deleteProvider,
  ldapList,
  listLdap,
  listOidc,
  oidcList,
  readLdap,
  readOidc,
  updateLdap,
  updateOidc,
} from "./providers.ts";
import { type UserDeps, nothing } from "./self.ts";

const params = z.object({ name: providerName });

/** Routes of those who say who somebody is: OpenID Connect providers and LDAP servers. All are an administrator's. */
export function registerProviders(routes: App, { db, clock }: UserDeps): void {
  const tags = ["login"];
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    "/api/v1/oidc-providers",
    {
      schema: {
        tags,
        summary: "List OpenID Connect providers",
        querystring: listQuery(oidcList),
        response: { 200: pageOf(oidcProvider) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listOidc(db, incoming.query);
    },
  );
  routes.post(
    "/api/v1/oidc-providers",
    {
      schema: {
        tags,
        summary: "Let users of an OpenID Connect provider log in",
        body: oidcCreate,
        response: { 201: oidcProvider },
      },
    },
    async (request, reply) => reply.code(201).send(await createOidc(db, request.body, by(request))),
  );
  routes.get(
    "/api/v1/oidc-providers/:name",
    { schema: { tags, summary: "One OpenID Connect provider", params, response: { 200: oidcProvider } } },
    async (incoming) => {
      administratorOf(incoming);
      return readOidc(db, incoming.params.name);
    },
  );
  routes.patch(
    "/api/v1/oidc-providers/:name",
    {
      schema: {
        tags,
        summary: "Change an OpenID Connect provider",
        params,
        body: oidcUpdate,
        response: { 200: oidcProvider },
      },
    },
    async (incoming) => updateOidc(db, incoming.params.name, incoming.body, by(incoming)),
  );
  routes.get(
    "/api/v1/ldap-servers",
    {
      schema: {
        tags,
        summary: "List LDAP servers",
        querystring: listQuery(ldapList),
        response: { 200: pageOf(ldapServer) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listLdap(db, incoming.query);
    },
  );
  routes.post(
    "/api/v1/ldap-servers",
    {
      schema: { tags, summary: "Let users of an LDAP server log in", body: ldapCreate, response: { 201: ldapServer } },
    },
    async (request, reply) => reply.code(201).send(await createLdap(db, request.body, by(request))),
  );
  routes.get(
    "/api/v1/ldap-servers/:name",
    { schema: { tags, summary: "One LDAP server", params, response: { 200: ldapServer } } },
    async (incoming) => {
      administratorOf(incoming);
      return readLdap(db, incoming.params.name);
    },
  );
  routes.patch(
    "/api/v1/ldap-servers/:name",
    { schema: { tags, summary: "Change an LDAP server", params, body: ldapUpdate, response: { 200: ldapServer } } },
    async (incoming) => updateLdap(db, incoming.params.name, incoming.body, by(incoming)),
  );
  for (const { kind, path, title } of [
    { kind: "oidc", path: "/api/v1/oidc-providers/:name", title: "an OpenID Connect provider" },
    { kind: "ldap", path: "/api/v1/ldap-servers/:name", title: "an LDAP server" },
  ] as const)
    routes.delete(
      path,
      { schema: { tags, summary: `Delete ${title}; its users' sessions end`, params, response: { 204: nothing } } },
      async (request, reply) => {
        await deleteProvider(db, kind, request.params.name, by(request));
        return reply.code(204).send();
      },
    );
}

import { licenseKey, licenseKeyCreate, licenseKeyUpdate, pageOf } from "@rackwright/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import {
  createLicenseKey,
  deleteLicenseKey,
  licenseKeyList,
  listLicenseKeys,
  readLicenseKey,
  updateLicenseKey,
} from "./license-keys.ts";

const tags = ["license-keys"];
const path = "/api/v1/license-keys";
const params = z.object({ osystem: z.string().max(100), distro_series: z.string().max(100) });

/** `/api/v1/license-keys`, administrators' only: a key is what was paid for. */
export function registerLicenseKeyRoutes(routes: App, { db, clock }: { db: Database; clock: Clock }): void {
  const by = (request: FastifyRequest) => ({ actor: administratorOf(request).username, now: clock.now() });
  routes.get(
    path,
    {
      schema: {
        tags,
        summary: "List license keys",
        querystring: listQuery(licenseKeyList),
        response: { 200: pageOf(licenseKey) },
      },
    },
    async (incoming) => {
      administratorOf(incoming);
      return listLicenseKeys(db, incoming.query);
    },
  );
  routes.post(
    path,
    { schema: { tags, summary: "Add a license key", body: licenseKeyCreate, response: { 201: licenseKey } } },
    async (request, reply) => {
      const made = await createLicenseKey(db, request.body, by(request));
      return reply.code(201).header("location", `${path}/${made.osystem}/${made.distro_series}`).send(made);
    },
  );
  routes.get(
    `${path}/:osystem/:distro_series`,
    { schema: { tags, summary: "One license key", params, response: { 200: licenseKey } } },
    async (incoming) => {
      administratorOf(incoming);
      return readLicenseKey(db, incoming.params);
    },
  );
  routes.patch(
    `${path}/:osystem/:distro_series`,
    {
      schema: { tags, summary: "Replace a license key", params, body: licenseKeyUpdate, response: { 200: licenseKey } },
    },
    async (incoming) => updateLicenseKey(db, incoming.params, incoming.body, by(incoming)),
  );
  routes.delete(
    `${path}/:osystem/:distro_series`,
    { schema: { tags, summary: "Delete a license key", params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await deleteLicenseKey(db, request.params, by(request));
      return reply.code(204).send();
    },
  );
}

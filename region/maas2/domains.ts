import { domainCreate, domainUpdate } from "@rackwright/contract";
import { z } from "zod";
import {
  createDomain,
  deleteDomain,
  listDomains,
  preferDomain,
  readDomain,
  setSerial,
  updateDomain,
} from "../dns/domains.ts";
import { byOf, checked, given, matching, numberOf } from "./common.ts";
import { renderDomain } from "./domain-render.ts";
import { withFieldNames } from "./machine-call.ts";
import { inText } from "./network-parameters.ts";
import { parts } from "./node-call.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, integer, text } from "./parameters.ts";

const nothing = z.object({});
const fields = {
  name: text("Its name.", 255),
  authoritative: flag("Whether we answer for it.").optional(),
  forward_dns_servers: text("Where others answer for it: their name servers.", 2000).optional(),
  ttl: z
    .union([z.literal("").transform(() => null), integer("", { least: 1, most: 604_800 })])
    .describe("Seconds its records may be kept, 1 to 604800.")
    .meta({ type: "Int" })
    .optional(),
};
const names = { forward_servers: "forward_dns_servers" };
type Form = { forward_dns_servers?: string | undefined };

const fromForm = ({ forward_dns_servers, ...form }: Form): object =>
  given({ ...form, forward_servers: forward_dns_servers === undefined ? undefined : parts([forward_dns_servers]) });

const id = (call: Call): number => numberOf(call, "id", "Domain");

const domains: Resource = {
  handler: "DomainsHandler",
  path: "domains/",
  doc: "Domains: where machines, devices and DNS resources have their names.",
  operations: {
    GET: operation({
      access: "user",
      title: "Lists domains.",
      parameters: nothing,
      run: async ({ db }) => ({ json: (await listDomains(db)).map(renderDomain) }),
    }),
    POST: operation({
      access: "admin",
      title: "Creates a domain.",
      parameters: z.object(fields),
      run: async (call, form) => {
        const work = async () => createDomain(call.db, checked(domainCreate, fromForm(form)), byOf(call));
        return { json: renderDomain(await withFieldNames(names, work())) };
      },
    }),
    "POST set_serial": operation({
      access: "admin",
      title: "Sets the serial number of the zones, for whichever name server serves them.",
      parameters: z.object({ serial: integer("A serial number.", { least: 1, most: 4_294_967_295 }) }),
      errors: "text",
      run: async (call, { serial }) => {
        await setSerial(call.db, serial, byOf(call));
        return { json: null };
      },
    }),
  },
};

const domain: Resource = {
  handler: "DomainHandler",
  path: "domains/{id}/",
  doc: "One domain.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads a domain.",
      parameters: nothing,
      run: async (call) => ({ json: renderDomain(await matching("Domain", readDomain(call.db, id(call)))) }),
    }),
    PUT: operation({
      access: "admin",
      title: "Changes a domain; what is not given stays.",
      parameters: z.object(fields).partial(),
      run: async (call, form) => {
        const work = async () => updateDomain(call.db, id(call), checked(domainUpdate, fromForm(form)), byOf(call));
        return { json: renderDomain(await matching("Domain", withFieldNames(names, work()))) };
      },
    }),
    DELETE: operation({
      access: "admin",
      title: "Deletes a domain that nothing is in.",
      parameters: nothing,
      run: async (call) => {
        await matching("Domain", inText(deleteDomain(call.db, id(call), byOf(call))));
        return { status: 204 };
      },
    }),
    "POST set_default": operation({
      access: "admin",
      title: "Makes it the domain of machines and devices that come without one.",
      parameters: nothing,
      run: async (call) => ({
        json: renderDomain(await matching("Domain", preferDomain(call.db, id(call), byOf(call)))),
      }),
    }),
  },
};

export const domainResources: readonly Resource[] = [domains, domain];

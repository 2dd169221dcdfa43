import {
  dnsRecordCreate,
  dnsRecordUpdate,
  dnsResourceCreate,
  dnsResourceUpdate,
  recordTypes,
} from "@rackwright/contract";
import type { DnsResource } from "@rackwright/contract";
import { isIPv6 } from "node:net";
import { z } from "zod";
import { findDomain, splitName } from "../dns/domains.ts";
import { implicitNames } from "../dns/implicit.ts";
import {
  createRecord,
  createResource,
  deleteRecord,
  deleteResource,
  listResources,
  readResource,
  resourceOfRecord,
  updateRecord,
  updateResource,
} from "../dns/resources.ts";
import { InputError } from "../errors.ts";
import { renderAddresses } from "./address-render.ts";
import { byOf, callerOf, checked, given, matching, numberOf } from "./common.ts";
import { withFieldNames } from "./machine-call.ts";
import { idOf, parts } from "./node-call.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, integer, text } from "./parameters.ts";

const nothing = z.object({});
const base = "/MAAS/api/2.0";
const ttl = (doc: string) =>
  z
    .union([z.literal("").transform(() => null), integer("", { least: 0, most: 604_800 })])
    .describe(doc)
    .meta({ type: "Int" })
    .optional();
const where = {
  fqdn: text("The whole name; ignored where name or domain are given.", 500).optional(),
  name: text("The name below the domain; @ for the domain itself.", 255).optional(),
  domain: text("The domain, by name or number.", 255).optional(),
};
const names = { domain_id: "domain", data: "rrdata", type: "rrtype", addresses: "ip_addresses" };

/** The name a form speaks of. @throws InputError */
async function nameOf(call: Call, { fqdn, name, domain }: { [K in keyof typeof where]?: string | undefined }) {
  if ((name ?? "") === "" && (domain ?? "") === "") {
    if ((fqdn ?? "") === "") return {};
    const split = await splitName(call.db, fqdn ?? "");
    if (split === null) throw InputError.field("fqdn", fqdn, "must end in the name of a domain there is");
    return split;
  }
  const domain_id = (domain ?? "") === "" ? undefined : await idOf(call, "domain", "domain", domain ?? "");
  return given({ name: name === "" ? undefined : name, domain_id: domain_id ?? undefined });
}

type Record = DnsResource["records"][number];
const renderRecord = ({ fqdn }: DnsResource, { id, type, data, ttl }: Record): object => ({
  id,
  fqdn,
  ttl,
  rrtype: type,
  rrdata: data,
  resource_uri: `${base}/dnsresourcerecords/${id}/`,
});

async function render(call: Call, resources: readonly DnsResource[]): Promise<object[]> {
  const now = call.clock.now();
  const shown = await renderAddresses(call.db, [...new Set(resources.flatMap(({ addresses }) => addresses))], {
    caller: callerOf(call),
    now,
    since: now,
  });
  return resources.map((resource) => ({
    id: resource.id,
    fqdn: resource.fqdn,
    address_ttl: resource.address_ttl,
    ip_addresses: resource.addresses.flatMap((address) => shown.get(address) ?? []),
    resource_records: resource.records.map((record) => renderRecord(resource, record)),
    resource_uri: `${base}/dnsresources/${resource.id}/`,
  }));
}

/** What a list is narrowed by; null where that finds nothing. */
async function filterOf(call: Call, { fqdn, name, domain, rrtype }: Filter) {
  const domain_id = domain === undefined ? undefined : await findDomain(call.db, domain);
  return domain_id === null ? null : { fqdn, name, domain_id, type: rrtype?.toUpperCase() };
}
type Filter = { [K in keyof typeof filters]?: string | undefined };
const filters = { ...where, rrtype: text("Only with records of this type.", 20).optional() };

/** Names of machines and devices, which have no number. */
async function implicit(call: Call, filter: NonNullable<Awaited<ReturnType<typeof filterOf>>>): Promise<object[]> {
  const found = await implicitNames(call.db, callerOf(call), filter, call.clock.now());
  const typed = found.map((one) => ({ ...one, rrtype: isIPv6(one.address) ? "AAAA" : "A" }));
  const wanted = typed.filter(({ rrtype }) => filter.type === undefined || rrtype === filter.type);
  return [...Map.groupBy(wanted, ({ fqdn }) => fqdn)].map(([fqdn, rows]) => ({
    id: -1,
    fqdn,
    address_ttl: rows[0]?.address_ttl ?? null,
    ip_addresses: null,
    resource_records: rows.map(({ address, address_ttl, rrtype }) => ({
      id: -1,
      fqdn,
      ttl: address_ttl,
      rrtype,
      rrdata: address,
      resource_uri: `${base}/dnsresourcerecords/`,
    })),
    resource_uri: `${base}/dnsresources/`,
  }));
}

/** Addresses of a form: themselves, or the numbers of addresses that were set aside. @throws InputError */
async function addressesOf(call: Call, given: string | undefined): Promise<string[] | undefined> {
  if (given === undefined) return undefined;
  const words = parts([given]);
  const ids = words.filter((word) => /^\d{1,15}$/.test(word)).map(Number);
  const rows =
    ids.length === 0
      ? []
      : await call.db.selectFrom("ip_addresses").select(["id", "address"]).where("id", "in", ids).execute();
  return words.map((word) => {
    const row = rows.find(({ id }) => String(id) === word);
    return row === undefined ? word : (row.address.split("/")[0] ?? "");
  });
}

const resourceId = (call: Call): number => numberOf(call, "id", "DNSResource");
const recordId = (call: Call): number => numberOf(call, "id", "DNSData");
const change = {
  ...where,
  address_ttl: ttl("Seconds its addresses may be kept."),
  ip_addresses: text("Its addresses, or their numbers, with spaces or commas between.", 10_000).optional(),
};

const resources: Resource = {
  handler: "DNSResourcesHandler",
  path: "dnsresources/",
  doc: "DNS resources: names with their addresses and records.",
  operations: {
    GET: operation({
      access: "user",
      title: "Lists names with their addresses and records.",
      parameters: z.object({ ...filters, all: flag("Also names of machines and devices.").default(false) }),
      run: async (call, { all, ...wanted }) => {
        const filter = await filterOf(call, wanted);
        if (filter === null) return { json: [] };
        const own = await render(call, await listResources(call.db, filter));
        return { json: all ? [...own, ...(await implicit(call, filter))] : own };
      },
    }),
    POST: operation({
      access: "admin",
      title: "Creates a name with addresses.",
      parameters: z.object(change),
      run: async (call, { address_ttl, ip_addresses, ...form }) => {
        const addresses = await addressesOf(call, ip_addresses);
        const fields = { ...(await nameOf(call, form)), ...given({ address_ttl, addresses }) };
        const work = async () => createResource(call.db, checked(dnsResourceCreate, fields), byOf(call));
        return { json: (await render(call, [await withFieldNames(names, work())]))[0] };
      },
    }),
  },
};

const resource: Resource = {
  handler: "DNSResourceHandler",
  path: "dnsresources/{id}/",
  doc: "One name with its addresses and records.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads a name.",
      parameters: nothing,
      run: async (call) => {
        const found = await matching("DNSResource", readResource(call.db, resourceId(call)));
        return { json: (await render(call, [found]))[0] };
      },
    }),
    PUT: operation({
      access: "admin",
      title: "Changes a name; addresses replace those there are.",
      parameters: z.object(change),
      run: async (call, { address_ttl, ip_addresses, ...form }) => {
        const id = resourceId(call);
        await matching("DNSResource", readResource(call.db, id));
        const addresses = await addressesOf(call, ip_addresses);
        const fields = { ...(await nameOf(call, form)), ...given({ address_ttl, addresses }) };
        const work = async () => updateResource(call.db, id, checked(dnsResourceUpdate, fields), byOf(call));
        const after = await matching("DNSResource", withFieldNames(names, work()));
        return { json: (await render(call, [after]))[0] };
      },
    }),
    DELETE: operation({
      access: "admin",
      title: "Deletes a name with its records.",
      parameters: nothing,
      run: async (call) => {
        await matching("DNSResource", deleteResource(call.db, resourceId(call), byOf(call)));
        return { status: 204 };
      },
    }),
  },
};

/** A record's type in any case. Addresses are told where they belong. */
const rrtype = z
  .string()
  .trim()
  .toUpperCase()
  .superRefine((type, context) => {
    if (type === "A" || type === "AAAA")
      context.addIssue({ code: "custom", message: "Addresses belong to DNS resources: use dnsresources." });
    else if (!(recordTypes as readonly string[]).includes(type))
      context.addIssue({ code: "custom", message: `Must be one of ${recordTypes.join(", ")}.` });
  })
  .describe("Its type: CNAME, MX, NS, SRV, SSHFP or TXT.")
  .meta({ type: "String" });
const recordFields = { rrtype, rrdata: text("What it says.", 65_535), ttl: ttl("Seconds it may be kept.") };

const records: Resource = {
  handler: "DNSResourceRecordsHandler",
  path: "dnsresourcerecords/",
  doc: "Records of DNS resources, other than addresses.",
  operations: {
    GET: operation({
      access: "user",
      title: "Lists records.",
      parameters: z.object(filters),
      run: async (call, wanted) => {
        const filter = await filterOf(call, wanted);
        const found = filter === null ? [] : await listResources(call.db, filter);
        const type = filter?.type;
        return {
          json: found.flatMap((one) =>
            one.records.flatMap((record) =>
              type === undefined || record.type === type ? [renderRecord(one, record)] : [],
            ),
          ),
        };
      },
    }),
    POST: operation({
      access: "admin",
      title: "Adds a record to a name, which is created where it is not there.",
      parameters: z.object({ ...where, ...recordFields }),
      run: async (call, { rrtype: type, rrdata, ttl: seconds, ...form }) => {
        const owner = checked(dnsResourceCreate, await nameOf(call, form));
        const wanted = checked(dnsRecordCreate, given({ type, data: rrdata, ttl: seconds }));
        const at = { name: owner.name, domain_id: owner.domain_id };
        const { resource: after, id } = await withFieldNames(names, createRecord(call.db, at, wanted, byOf(call)));
        return { json: after.records.flatMap((one) => (one.id === id ? [renderRecord(after, one)] : []))[0] };
      },
    }),
  },
};

const record: Resource = {
  handler: "DNSResourceRecordHandler",
  path: "dnsresourcerecords/{id}/",
  doc: "One record of a DNS resource.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads a record.",
      parameters: nothing,
      run: async (call) => {
        const id = recordId(call);
        const found = await matching("DNSData", resourceOfRecord(call.db, id));
        return { json: found.records.flatMap((one) => (one.id === id ? [renderRecord(found, one)] : []))[0] };
      },
    }),
    PUT: operation({
      access: "admin",
      title: "Changes a record; what is not given stays.",
      parameters: z.object(recordFields).partial(),
      run: async (call, { rrtype: type, rrdata, ttl: seconds }) => {
        const id = recordId(call);
        const wanted = checked(dnsRecordUpdate, given({ type, data: rrdata, ttl: seconds }));
        const after = await matching("DNSData", withFieldNames(names, updateRecord(call.db, id, wanted, byOf(call))));
        return { json: after.records.flatMap((one) => (one.id === id ? [renderRecord(after, one)] : []))[0] };
      },
    }),
    DELETE: operation({
      access: "admin",
      title: "Deletes a record.",
      parameters: nothing,
      run: async (call) => {
        await matching("DNSData", deleteRecord(call.db, recordId(call), byOf(call)));
        return { status: 204 };
      },
    }),
  },
};

export const dnsResources: readonly Resource[] = [resources, resource, records, record];

import { annotationChange, deviceCreate, deviceUpdate } from "@rackwright/contract";
import { sql } from "kysely";
import { z } from "zod";
import {
  annotateDevice,
  createDevice,
  deleteDevice,
  placeDevices,
  restoreDevice,
  updateDevice,
} from "../devices/change.ts";
import { type DeviceRow, listDevices, readDevice, visibleDevices } from "../devices/read.ts";
import { requireChange } from "../interfaces/node.ts";
import { requireAdministrator } from "../users/access.ts";
import { bson } from "./bson.ts";
import { callerOf, checked, given, matching } from "./common.ts";
import { deviceCondition } from "./device-filter.ts";
import { renderDevices } from "./device-render.ts";
import { byCaller, withFieldNames } from "./machine-call.ts";
import { listParameters } from "./machine-filter.ts";
import { macOf } from "./machine-one.ts";
import { someIds } from "./machines.ts";
import { idOf, parts } from "./node-call.ts";
import { registrationOperations } from "./node-registration.ts";
import { type Answer, type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";
import { sizeOrNone } from "./sizes.ts";

const nothing = z.object({});
const fields = {
  hostname: text("Its host name; by default a name people can say.", 255).optional(),
  description: text("What it is, for people.", 10_000).optional(),
  domain: text("Its domain, by name or number.", 255).optional(),
  parent: text("System id of the machine it runs on; empty: none.", 100).optional(),
  zone: text("Its physical zone.", 256).optional(),
};
const names = { macs: "mac_addresses", domain_id: "domain" };
type Form = { [K in keyof typeof fields]?: string | undefined };

/** What a form says, in the words of the devices' own schema. */
async function fromForm(call: Call, { hostname, description, domain = "", parent, zone }: Form) {
  const [host, ...rest] = (hostname ?? "").toLowerCase().split(".");
  // A whole name says the domain too.
  const inDomain = domain === "" && rest.length > 0 ? rest.join(".") : domain;
  return given({
    hostname: host === "" ? undefined : host,
    description,
    domain_id: inDomain === "" ? undefined : await idOf(call, "domain", "domain", inDomain),
    parent: parent === "" ? null : parent,
    zone: zone === "" ? undefined : zone,
  });
}

const show = async (call: Call, device: DeviceRow): Promise<Answer> => ({
  json: (await renderDevices(call.db, [device]))[0],
});

/** The device in the path. @throws NotFound in MAAS's words */
const deviceOf = (call: Call): Promise<DeviceRow> =>
  matching("Device", readDevice(call.db, call.path["system_id"] ?? "", callerOf(call), call.clock.now()));

/** An operation on the device in the path that shows it afterwards. */
function change<S extends z.ZodObject>(
  title: string,
  parameters: S,
  run: (call: Call, id: string, form: z.output<S>) => Promise<DeviceRow>,
) {
  return operation({
    access: "user",
    title,
    parameters,
    run: async (call, form) => {
      const device = await deviceOf(call);
      requireChange({ kind: "device", ...device }, callerOf(call));
      return show(call, await withFieldNames(names, run(call, device.id, form)));
    },
  });
}

const devices: Resource = {
  handler: "DevicesHandler",
  anonymous: "AnonNodesHandler",
  path: "devices/",
  doc: "Devices: what has addresses and names, and is not provisioned.",
  operations: {
    ...registrationOperations,
    GET: operation({
      access: "user",
      title: "Lists devices.",
      parameters: listParameters,
      strict: true,
      run: async (call, wanted) => {
        const visible = visibleDevices(callerOf(call));
        const where = sql<boolean>`${visible} and ${await deviceCondition(call.db, wanted)}`;
        return { json: await renderDevices(call.db, await listDevices(call.db, where, { now: call.clock.now() })) };
      },
    }),
    POST: operation({
      access: "user",
      title: "Makes a device known; it is the caller's.",
      parameters: z.object({
        ...fields,
        mac_addresses: someIds("MAC addresses of its network cards."),
      }),
      run: async (call, { mac_addresses, ...form }) => {
        const macs = parts(mac_addresses).map((mac) => macOf("mac_addresses", mac));
        const work = async () => {
          const wanted = checked(deviceCreate, { ...(await fromForm(call, form)), macs });
          return createDevice(call.db, wanted, byCaller(call));
        };
        return show(call, await withFieldNames({ ...names, mac: "mac_addresses" }, work()));
      },
    }),
    "POST set_zone": operation({
      access: "user",
      title: "Moves devices to a zone.",
      parameters: z.object({ zone: text("Name of the zone.", 256), nodes: someIds("System ids of the devices.") }),
      run: async (call, { zone, nodes }) => {
        await placeDevices(call.db, nodes, zone, byCaller(call));
        return { json: null };
      },
    }),
  },
};

const annotate = operation({
  access: "user",
  title: "Writes keys and values on a device; an empty value takes its key away.",
  parameters: z.object({}).catchall(z.string().max(10_000)),
  run: async (call, form) => {
    const device = await deviceOf(call);
    requireChange({ kind: "device", ...device }, callerOf(call));
    const keys = checked(annotationChange, form);
    return show(call, await annotateDevice(call.db, device.id, keys, byCaller(call)));
  },
});

const restore = operation({
  access: "user",
  title: "Takes all addresses off a device's interfaces.",
  parameters: nothing,
  run: async (call) => {
    requireAdministrator(callerOf(call));
    const { id } = await deviceOf(call);
    return show(call, await restoreDevice(call.db, id, byCaller(call)));
  },
});

const device: Resource = {
  handler: "DeviceHandler",
  path: "devices/{system_id}/",
  doc: "One device.",
  operations: {
    GET: operation({
      access: "user",
      title: "Reads a device.",
      parameters: nothing,
      run: async (call) => show(call, await deviceOf(call)),
    }),
    PUT: change(
      "Changes a device; what is not given stays.",
      z.object({ ...fields, swap_size: sizeOrNone("Size of its swap file in bytes; kept with it.").optional() }),
      async (call, id, { swap_size, ...form }) => {
        const wanted = checked(deviceUpdate, { ...(await fromForm(call, form)), ...given({ swap_size }) });
        return updateDevice(call.db, id, wanted, byCaller(call));
      },
    ),
    DELETE: operation({
      access: "user",
      title: "Deletes a device.",
      parameters: nothing,
      run: async (call) => {
        const { id } = await deviceOf(call);
        await matching("Device", deleteDevice(call.db, id, byCaller(call)));
        return { status: 204 };
      },
    }),
    "GET details": operation({
      access: "user",
      title: "What its hardware tells, in BSON: nothing, since nobody looks into devices.",
      parameters: nothing,
      run: async (call) => {
        await deviceOf(call);
        return { bytes: bson({ lshw: null, lldp: null }), type: "application/bson" };
      },
    }),
    "GET power_parameters": operation({
      access: "admin",
      title: "How it is switched: not at all.",
      parameters: nothing,
      run: async (call) => {
        await deviceOf(call);
        return { json: {} };
      },
    }),
    "POST set_owner_data": annotate,
    "POST set_workload_annotations": annotate,
    "POST restore_networking_configuration": restore,
    "POST restore_default_configuration": restore,
  },
};

export const deviceResources: readonly Resource[] = [devices, device];

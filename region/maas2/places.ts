import { placeName } from "@rackwright/contract";
import { z } from "zod";
import { InputError, NotFound } from "../errors.ts";
import { type Place, createPlace, deletePlace, everyPlace, findPlace, updatePlace } from "../zones/places.ts";
import { asForm, byOf, callerOf, checked, given, noMatch } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const nothing = z.object({});
const fields = {
  name: text("Its name: letters, digits, '_', '-' and spaces.", 256),
  description: text("What it is, for people.", 2000),
};
const creation = z.object({ name: fields.name, description: fields.description.optional() });
const change = creation.partial();

/** Zones are named by their names, pools by their ids (or names); else they are alike. */
const kinds = {
  zone: {
    model: "Zone",
    path: "zones/",
    aliases: [],
    item: "zones/{name}/",
    handlers: ["ZonesHandler", "ZoneHandler"],
    title: "physical zone",
    doc: "Physical zones: parts of the site that fail as a whole.",
    uri: ({ name }: Place) => `/MAAS/api/2.0/zones/${encodeURIComponent(name)}/`,
    wanted: ({ path }: Call) => ({ name: path["name"] ?? "" }),
  },
  pool: {
    model: "ResourcePool",
    path: "resourcepools/",
    // Where gomaasapi asks for them.
    aliases: ["pools/"],
    item: "resourcepool/{id}/",
    handlers: ["ResourcePoolsHandler", "ResourcePoolHandler"],
    title: "resource pool",
    doc: "Resource pools: who may have which machines.",
    uri: ({ id }: Place) => `/MAAS/api/2.0/resourcepool/${id}/`,
    wanted: ({ path }: Call) => {
      const { id: given = "" } = path;
      return /^\d{1,15}$/.test(given) ? { id: Number(given) } : { name: given };
    },
  },
} as const;

/** A zone as clients see it. */
export const renderZone = (zone: Place): object => ({ ...zone, resource_uri: kinds.zone.uri(zone) });
/** A resource pool as clients see it. */
export const renderPool = (pool: Place): object => ({ ...pool, resource_uri: kinds.pool.uri(pool) });

function placeResources(kind: keyof typeof kinds): Resource[] {
  const { model, path, aliases, item, handlers, title, doc, uri, wanted } = kinds[kind];
  const render = ({ id, name, description }: Place) => {
    const place = { id, name, description };
    return { ...place, resource_uri: uri(place) };
  };
  const found = async (call: Call): Promise<Place> => {
    const place = await findPlace(call.db, kind, wanted(call), callerOf(call));
    if (place === null) throw noMatch(model);
    return place;
  };
  const named = async (call: Call, name: string) =>
    (await findPlace(call.db, kind, { name }, callerOf(call))) ?? Promise.reject(noMatch(model));
  const list: Resource = {
    handler: handlers[0],
    path,
    aliases,
    doc,
    operations: {
      GET: operation({
        access: "user",
        title: `Lists every ${title}.`,
        parameters: nothing,
        run: async (call) => ({ json: (await everyPlace(call.db, kind, callerOf(call))).map(render) }),
      }),
      POST: operation({
        access: "admin",
        title: `Creates a ${title}.`,
        parameters: creation,
        run: async (call, { name, description = "" }) => {
          const values = checked(z.object({ name: placeName }), { name });
          await asForm("name", createPlace(call.db, kind, { ...values, description }, byOf(call)));
          return { json: render(await named(call, name)) };
        },
      }),
    },
  };
  const one: Resource = {
    handler: handlers[1],
    path: item,
    doc: `One ${title}.`,
    operations: {
      GET: operation({
        access: "user",
        title: `Reads a ${title}.`,
        parameters: nothing,
        run: async (call) => ({ json: render(await found(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: `Changes a ${title}.`,
        parameters: change,
        run: async (call, parameters) => {
          const before = await found(call);
          checked(z.object({ name: placeName.optional() }), parameters);
          await asForm("name", updatePlace(call.db, kind, before.name, given(parameters), byOf(call)));
          return { json: render(await named(call, parameters.name ?? before.name)) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: `Deletes a ${title}.`,
        parameters: nothing,
        run: async (call) => {
          const place = await findPlace(call.db, kind, wanted(call), callerOf(call));
          // A zone that is not there is deleted already; of a pool that is told.
          if (place === null && kind === "zone") return { status: 204 };
          if (place === null) throw noMatch(model);
          await refusedAsText(deletePlace(call.db, kind, place.name, byOf(call), { emptyOnly: kind === "pool" }));
          return { status: 204 };
        },
      }),
    },
  };
  return [list, one];
}

/** What may not be deleted is told as 400; what was deleted meanwhile is gone as wanted. */
async function refusedAsText(work: Promise<void>): Promise<void> {
  await asForm("__all__", work).catch((error: unknown) => {
    if (error instanceof InputError) throw new InputError(error.message, { cause: error });
    if (!(error instanceof NotFound)) throw error;
  });
}

export const placesResources: readonly Resource[] = [...placeResources("zone"), ...placeResources("pool")];

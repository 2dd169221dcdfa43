import { spaceCreate, spaceUpdate } from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { findOne } from "../networks/find.ts";
import { createSpace, deleteSpace, updateSpace } from "../networks/spaces.ts";
import { byOf, checked, given, noMatch } from "./common.ts";
import { inWords } from "./network-parameters.ts";
import { loadNetworks, noSpace, type SpaceView } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const nothing = z.object({});
const fields = z.object({
  name: text("Name of the space; space- and its number where it is left out.").optional(),
  description: text("What it is, for people.").optional(),
});

const isNone = (call: Call): boolean => [String(noSpace.id), noSpace.name].includes(call.path["id"] ?? "");

/** @throws InputError for what is no space, NotFound */
function spaceId(call: Call): Promise<number> {
  if (isNone(call)) throw new InputError("The space 'undefined' stands for having none: it cannot be changed.");
  return findOne(call.db, "space", call.path["id"] ?? "");
}

async function shown(call: Call, id: number): Promise<SpaceView> {
  const space = (await loadNetworks(call.db)).spaces.find((one) => one.id === id);
  if (space === undefined) throw noMatch("Space");
  return space;
}

const wanted = ({ name, ...rest }: z.output<typeof fields>): object =>
  given({ ...rest, name: name === "" ? undefined : name });

export const spacesResources: readonly Resource[] = [
  {
    handler: "SpacesHandler",
    path: "spaces/",
    doc: "Spaces: VLANs whose machines reach one another.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every space, and last the one of VLANs that are in none.",
        parameters: nothing,
        run: async (call) => ({ json: (await loadNetworks(call.db)).spaces }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a space.",
        parameters: fields,
        run: async (call, parameters) => {
          const values = checked(spaceCreate, wanted(parameters));
          const { id } = await inWords({}, () => createSpace(call.db, values, byOf(call)));
          return { json: await shown(call, id) };
        },
      }),
    },
  },
  {
    handler: "SpaceHandler",
    path: "spaces/{id}/",
    doc: "One space; -1 or undefined is the one of VLANs that are in none.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a space.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, isNone(call) ? noSpace.id : await spaceId(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a space.",
        parameters: fields,
        run: async (call, parameters) => {
          const id = await spaceId(call);
          const change = checked(spaceUpdate, wanted(parameters));
          await inWords({}, () => updateSpace(call.db, id, change, byOf(call)));
          return { json: await shown(call, id) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a space; its VLANs are in none then.",
        parameters: nothing,
        run: async (call) => {
          await deleteSpace(call.db, await spaceId(call), byOf(call));
          return { status: 204 };
        },
      }),
    },
  },
];

import { fabricCreate, fabricUpdate } from "@rackwright/contract";
import { z } from "zod";
import { createFabric, deleteFabric, updateFabric } from "../networks/fabrics.ts";
import { findOne } from "../networks/find.ts";
import { byOf, checked, given, noMatch } from "./common.ts";
import { inText, inWords } from "./network-parameters.ts";
import { type FabricView, loadNetworks } from "./network-render.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const nothing = z.object({});
const fields = z.object({
  name: text("Name of the fabric; fabric- and its number where it is left out.").optional(),
  description: text("What it is, for people.").optional(),
  class_type: text("What it is good for, such as 10g.").optional(),
});

const fabricId = (call: Call): Promise<number> => findOne(call.db, "fabric", call.path["id"] ?? "");

async function shown(call: Call, id: number): Promise<FabricView> {
  const fabric = (await loadNetworks(call.db)).fabrics.find((one) => one.id === id);
  if (fabric === undefined) throw noMatch("Fabric");
  return fabric;
}

/** An empty text is none at all. */
function wanted({ name, class_type, ...rest }: z.output<typeof fields>): object {
  return given({
    ...rest,
    name: name === "" ? undefined : name,
    class_type: class_type === "" ? null : class_type,
  });
}

export const fabricsResources: readonly Resource[] = [
  {
    handler: "FabricsHandler",
    path: "fabrics/",
    doc: "Fabrics: switches that are joined, so that a VLAN tag means the same on all of them.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every fabric.",
        parameters: nothing,
        run: async (call) => ({ json: (await loadNetworks(call.db)).fabrics }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a fabric with its untagged VLAN.",
        parameters: fields,
        run: async (call, parameters) => {
          const values = checked(fabricCreate, wanted(parameters));
          const { id } = await inWords({}, () => createFabric(call.db, values, byOf(call)));
          return { json: await shown(call, id) };
        },
      }),
    },
  },
  {
    handler: "FabricHandler",
    path: "fabrics/{id}/",
    doc: "One fabric.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a fabric.",
        parameters: nothing,
        run: async (call) => ({ json: await shown(call, await fabricId(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a fabric.",
        parameters: fields,
        run: async (call, parameters) => {
          const id = await fabricId(call);
          const change = checked(fabricUpdate, wanted(parameters));
          await inWords({}, () => updateFabric(call.db, id, change, byOf(call)));
          return { json: await shown(call, id) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a fabric that nothing is on.",
        parameters: nothing,
        run: async (call) => {
          await inText(deleteFabric(call.db, await fabricId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];

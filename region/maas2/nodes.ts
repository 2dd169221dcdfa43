import { z } from "zod";
import { Denied } from "../errors.ts";
import { listDevices, readDevice, visibleDevices } from "../devices/read.ts";
import { deleteDevice } from "../devices/change.ts";
import { sql } from "kysely";
import { visibleMachines } from "../users/access.ts";
import { bson } from "./bson.ts";
import { callerOf, matching, noMatch } from "./common.ts";
import { findController, removeController, wantedControllers } from "./controllers.ts";
import { deviceCondition } from "./device-filter.ts";
import { renderDevices } from "./device-render.ts";
import { byCaller } from "./machine-call.ts";
import { listCondition, listParameters } from "./machine-filter.ts";
import { details, machineResource, readPowerParameters, removeMachine } from "./machine-one.ts";
import { machinePages } from "./machine-render.ts";
import { setZone } from "./machines.ts";
import { registrationOperations } from "./node-registration.ts";
import { type Answer, type Call, type Operation, type Resource, operation } from "./operation.ts";

const nothing = z.object({});

/** What a node is, by its system id. @throws NotFound in MAAS's words */
async function kindOf(call: Call): Promise<"machine" | "device" | "controller"> {
  const id = call.path["system_id"] ?? "";
  if (await call.db.selectFrom("machines").select("id").where("id", "=", id).executeTakeFirst()) return "machine";
  if (await call.db.selectFrom("devices").select("id").where("id", "=", id).executeTakeFirst()) return "device";
  if ((await findController(call)) !== null) return "controller";
  throw noMatch("Node");
}

const deviceOf = (call: Call) =>
  matching("Node", readDevice(call.db, call.path["system_id"] ?? "", callerOf(call), call.clock.now()));

/** Answers as the machine's own operation does where it is a machine. */
const asMachine = (call: Call, one: Operation | undefined): Promise<Answer> => {
  if (one === undefined) throw noMatch("Node");
  return one.run(call, one.parameters.parse({}) as never);
};

/** Devices, machines, racks and regions, as one JSON list; machines are written as they come. */
async function* everyNode(call: Call, wanted: z.output<typeof listParameters>): AsyncGenerator<string | Buffer> {
  const caller = callerOf(call);
  const now = call.clock.now();
  const condition = await listCondition(call.db, wanted, visibleMachines(caller));
  const visible = sql<boolean>`${visibleDevices(caller)} and ${await deviceCondition(call.db, wanted)}`;
  const devices = await renderDevices(call.db, await listDevices(call.db, visible, { now }));
  const racks = await wantedControllers(call, "rack", wanted);
  const regions = await wantedControllers(call, "region", wanted);
  const texts = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one));
  let begun = "[";
  for (const text of texts(devices)) {
    yield begun + text;
    begun = ",";
  }
  for await (const page of machinePages(call.db, condition, now)) {
    yield begun;
    yield page;
    begun = ",";
  }
  for (const text of texts([...racks, ...regions])) {
    yield begun + text;
    begun = ",";
  }
  yield begun === "[" ? "[]" : "]";
}

/** `nodes/`: every machine, device and controller. */
export const nodeResources: readonly Resource[] = [
  {
    handler: "NodesHandler",
    anonymous: "AnonNodesHandler",
    path: "nodes/",
    doc: "Nodes: machines, devices and controllers.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists nodes of every kind, narrowed by what is asked for.",
        parameters: listParameters,
        strict: true,
        run: async (call, wanted) => ({ chunks: everyNode(call, wanted) }),
      }),
      "POST set_zone": setZone,
      ...registrationOperations,
    },
  },
  {
    handler: "NodeHandler",
    path: "nodes/{system_id}/",
    doc: "One node of any kind.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a node, as what it is.",
        parameters: nothing,
        run: async (call) => {
          switch (await kindOf(call)) {
            case "machine":
              return asMachine(call, machineResource.operations["GET"]);
            case "device":
              return { json: (await renderDevices(call.db, [await deviceOf(call)]))[0] };
            case "controller":
              return { json: (await findController(call))?.shown };
          }
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Forgets a node.",
        parameters: nothing,
        run: async (call) => {
          const kind = await kindOf(call);
          if (kind === "machine") return asMachine(call, removeMachine);
          if (!callerOf(call).administrator) throw new Denied("Only an administrator may do this.");
          const controller = kind === "controller" ? await findController(call) : null;
          if (controller) await removeController(call, controller.kind, false);
          else await deleteDevice(call.db, (await deviceOf(call)).id, byCaller(call));
          return { status: 204 };
        },
      }),
      "GET details": operation({
        access: "user",
        title: "What lshw and lldpctl printed, as BSON.",
        parameters: nothing,
        run: async (call) =>
          (await kindOf(call)) === "machine"
            ? asMachine(call, details)
            : { bytes: bson({ lshw: null, lldp: null }), type: "application/bson" },
      }),
      "GET power_parameters": operation({
        access: "user",
        title: "Power parameters of a node, with their secrets.",
        parameters: nothing,
        run: async (call) => {
          if ((await kindOf(call)) === "machine") return asMachine(call, readPowerParameters);
          if (!callerOf(call).administrator) throw new Denied("Only an administrator may do this.");
          return { json: {} };
        },
      }),
    },
  },
];

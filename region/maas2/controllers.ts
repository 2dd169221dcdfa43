import { z } from "zod";
import { type ControllerKind, deleteController, updateController } from "../controllers/index.ts";
import { InputError, StateConflict } from "../errors.ts";
import { syncStore } from "../images/index.ts";
import { callerOf, given, matching, noMatch } from "./common.ts";
import { bson } from "./bson.ts";
import { controllersOf } from "./controller-render.ts";
import { byCaller } from "./machine-call.ts";
import { listParameters, selectionOf } from "./machine-filter.ts";
import { someIds } from "./machines.ts";
import { isWanted } from "./node-filter.ts";
import { registrationOperations } from "./node-registration.ts";
import { type Call, type Operation, type Resource, operation } from "./operation.ts";
import { choice, flag, text } from "./parameters.ts";
import { powerTypes } from "./power-types.ts";

const nothing = z.object({});
const comment = text("Why, for the events.", 2000).optional();
const models = { rack: "RackController", region: "RegionController" } as const;

/** Controllers of a kind among those that are asked for. @throws InputError for what no node can be asked for by */
export async function wantedControllers(call: Call, kind: ControllerKind, wanted: z.output<typeof listParameters>) {
  await selectionOf(call.db, wanted);
  const all = await controllersOf(call.db, kind, call.clock.now());
  return all
    .filter(({ controller: { system_id, hostname, macs, zone_id, domain_id }, around }) =>
      isWanted(
        {
          system_id,
          hostname,
          macs,
          domain: around.domains.get(domain_id)?.name ?? "",
          zone: around.zones.get(zone_id)?.name ?? "",
          owner: null,
        },
        wanted,
      ),
    )
    .map(({ shown }) => shown);
}

/** The controller in the path as clients see it. @throws NotFound */
async function shownController(call: Call, kind: ControllerKind): Promise<object> {
  const all = await controllersOf(call.db, kind, call.clock.now());
  const found = all.find(({ controller }) => controller.system_id === call.path["system_id"]);
  if (!found) throw noMatch(models[kind]);
  return found.shown;
}

/** The controller of this id, of whichever kind; null where there is none. */
export async function findController(call: Call): Promise<{ kind: ControllerKind; shown: object } | null> {
  for (const kind of ["rack", "region"] as const) {
    const all = await controllersOf(call.db, kind, call.clock.now());
    const found = all.find(({ controller }) => controller.system_id === call.path["system_id"]);
    if (found) return { kind, shown: found.shown };
  }
  return null;
}

const change = z
  .object({
    description: text("What it is, for people.", 2000).optional(),
    zone: text("Its physical zone.", 256).optional(),
    domain: text("Its domain, by name or number.", 255).optional(),
    power_type: text("Must be empty: no controller is switched from here.", 100).optional(),
    power_parameters: text("Must be empty.", 100_000).optional(),
    power_parameters_skip_check: flag("Without meaning here.").default(false),
  })
  .catchall(z.string().max(4096));

/** Deletes the controller in the path. */
export async function removeController(call: Call, kind: ControllerKind, force: boolean): Promise<void> {
  const by = { ...byCaller(call), force };
  await matching(models[kind], deleteController(call.db, kind, call.path["system_id"] ?? "", by));
}

/** What can be asked of every controller. */
function common(kind: ControllerKind): Record<string, Operation> {
  const of = (title: string, access: "user" | "admin", run: (call: Call) => Promise<unknown>) =>
    operation({ access, title, parameters: nothing, run: async (call) => ({ json: await run(call) }) });
  return {
    GET: of("Reads a controller.", "user", (call) => shownController(call, kind)),
    PUT: operation({
      access: "admin",
      title: "Changes what is said of a controller.",
      parameters: change,
      run: async (call, fields) => {
        await shownController(call, kind);
        if (fields.power_type)
          throw InputError.field("power_type", fields.power_type, "Controllers are not switched by this server.");
        const { description, zone, domain } = fields;
        const words = given({ description, zone: zone || undefined, domain: domain || undefined });
        const id = call.path["system_id"] ?? "";
        await matching(models[kind], updateController(call.db, kind, id, words, byCaller(call)));
        return { json: await shownController(call, kind) };
      },
    }),
    DELETE: operation({
      access: "admin",
      title: "Forgets a controller; one that is at work only with force.",
      parameters: z.object({ force: flag("Also one that is at work.").default(false) }),
      run: async (call, { force }) => {
        await removeController(call, kind, force);
        return { status: 204 };
      },
    }),
    "GET details": operation({
      access: "user",
      title: "What lshw and lldpctl printed, as BSON: of a controller nothing is known.",
      parameters: nothing,
      run: async (call) => {
        await shownController(call, kind);
        return { bytes: bson({ lshw: null, lldp: null }), type: "application/bson" };
      },
    }),
    "GET power_parameters": of("Power parameters: a controller has none.", "admin", async (call) => {
      await shownController(call, kind);
      return {};
    }),
  };
}

/** What MAAS can ask of a rack as of a machine. A rack has no life cycle here, so it is refused by its state. */
function refused(title: string, access: "user" | "admin", parameters: z.ZodObject): Operation {
  return operation({
    access,
    title,
    parameters,
    run: async (call) => {
      await shownController(call, "rack");
      throw new StateConflict("A rack controller cannot be asked to do this: only machines are switched and tested.");
    },
  });
}

async function renewImages(call: Call): Promise<{ status: number; text: string }> {
  const { caller, now } = byCaller(call);
  const { problems } = await syncStore(call.db, call.deps.images, { actor: caller.username, now });
  if (problems.length > 0) call.deps.log.warn({ problems: problems.length }, "some images cannot be used");
  return { status: 202, text: "Accepted" };
}

/** Whoever asks for images learns what racks serve: all have the same, read from the region's store. */
async function bootImages(call: Call) {
  await shownController(call, "rack");
  const images = await call.db
    .selectFrom("images")
    .select(["name", "architecture"])
    .where("kind", "=", "deployable")
    .orderBy("name")
    .execute();
  return {
    images: images.map(({ name, architecture }) => ({ name, architecture, subarches: ["generic"] })),
    connected: true,
    status: "synced",
  };
}

const moveToZone = (kind: ControllerKind): Operation =>
  operation({
    access: "admin",
    title: "Moves controllers to a zone.",
    parameters: z.object({ zone: text("Name of the zone.", 256), nodes: someIds("System ids of the controllers.") }),
    run: async (call, { zone, nodes }) => {
      const known = (await controllersOf(call.db, kind, call.clock.now())).map(
        ({ controller }) => controller.system_id,
      );
      const unknown = nodes.filter((id) => !known.includes(id));
      if (unknown.length > 0)
        throw InputError.field("nodes", unknown, `There is no ${unknown.join(", ").slice(0, 200)}.`);
      for (const id of new Set(nodes)) await updateController(call.db, kind, id, { zone }, byCaller(call));
      return { json: null };
    },
  });

const list = (kind: ControllerKind): Operation =>
  operation({
    access: "user",
    title: "Lists controllers, narrowed by what is asked for.",
    parameters: listParameters,
    strict: true,
    run: async (call, wanted) => ({ json: await wantedControllers(call, kind, wanted) }),
  });

/** `rackcontrollers/` and `regioncontrollers/`. */
export const controllerResources: readonly Resource[] = [
  {
    handler: "RackControllersHandler",
    anonymous: "AnonNodesHandler",
    path: "rackcontrollers/",
    doc: "Rack controllers.",
    operations: {
      GET: list("rack"),
      "POST set_zone": moveToZone("rack"),
      "GET describe_power_types": operation({
        access: "admin",
        title: "Describes the ways in which machines can be switched.",
        parameters: nothing,
        run: async () => ({ json: powerTypes }),
      }),
      "GET power_parameters": operation({
        access: "admin",
        title: "Power parameters: controllers have none.",
        errors: "text",
        parameters: z.object({ id: someIds("System ids.") }),
        run: async (call, { id }) => {
          const all = await controllersOf(call.db, "rack", call.clock.now());
          const known = all.map(({ controller }) => controller.system_id).filter((one) => id.includes(one));
          return { json: Object.fromEntries(known.map((one) => [one, {}])) };
        },
      }),
      "POST import_boot_images": operation({
        access: "admin",
        title: "Reads the image store again.",
        parameters: nothing,
        run: renewImages,
      }),
      ...registrationOperations,
    },
  },
  {
    handler: "RackControllerHandler",
    path: "rackcontrollers/{system_id}/",
    doc: "One rack controller.",
    operations: {
      ...common("rack"),
      "GET query_power_state": operation({
        access: "user",
        title: "Whether a rack is on; nobody is asked.",
        parameters: nothing,
        run: async (call) => {
          await shownController(call, "rack");
          return { json: { state: "unknown" } };
        },
      }),
      "POST power_off": operation({
        access: "user",
        title: "Would switch a rack off; it has no power driver, so nothing is done.",
        parameters: z.object({ stop_mode: choice("Without meaning here.", ["soft", "hard"]).optional(), comment }),
        run: async (call) => {
          await shownController(call, "rack");
          callerOf(call);
          return { json: null };
        },
      }),
      "POST power_on": refused(
        "Would switch a rack on.",
        "user",
        z.object({ user_data: text("").optional(), comment }),
      ),
      "POST test": refused("Would test a rack.", "admin", z.object({ testing_scripts: text("").optional() })),
      "POST override_failed_testing": refused(
        "Would use a rack although its tests failed.",
        "admin",
        z.object({ comment }),
      ),
      "POST abort": refused("Would end what a rack is doing.", "user", z.object({ comment })),
      "POST import_boot_images": operation({
        access: "admin",
        title: "Reads the image store again, from which every rack serves.",
        parameters: nothing,
        run: async (call) => {
          await shownController(call, "rack");
          return renewImages(call);
        },
      }),
      "GET list_boot_images": operation({
        access: "admin",
        title: "Lists the images a rack serves.",
        parameters: nothing,
        run: async (call) => ({ json: await bootImages(call) }),
      }),
    },
  },
  {
    handler: "RegionControllersHandler",
    anonymous: "AnonNodesHandler",
    path: "regioncontrollers/",
    doc: "Region controllers.",
    operations: { GET: list("region"), "POST set_zone": moveToZone("region"), ...registrationOperations },
  },
  {
    handler: "RegionControllerHandler",
    path: "regioncontrollers/{system_id}/",
    doc: "One region controller.",
    operations: common("region"),
  },
];

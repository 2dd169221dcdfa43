import { type MachineStatus } from "@rackwright/contract";
import { sql } from "kysely";
import { z } from "zod";
import { Denied, InputError, StateConflict } from "../errors.ts";
import { releaseMachine } from "../machines/ask.ts";
import { type MachineChange, updateMachine } from "../machines/change.ts";
import { introduceMachine, makeMachine } from "../machines/make.ts";
import { mayOperate, mayUse, mayView, visibleMachines } from "../users/access.ts";
import { asForm, callerOf } from "./common.ts";
import { commission, commissioning } from "./machine-actions.ts";
import { allocate } from "./machine-allocate.ts";
import { byCaller, showMachine, stateAsForm, withFieldNames } from "./machine-call.ts";
import { cloneOperation } from "./machine-clone.ts";
import { listCondition, listParameters } from "./machine-filter.ts";
import { architectureOf, changeOf, machineFields, machineResource, macOf } from "./machine-one.ts";
import { powersOf } from "./machine-power.ts";
import { machineList } from "./machine-render.ts";
import { anonymousMachine } from "./machine-small.ts";
import { registrationOperations } from "./node-registration.ts";
import { type Answer, type Call, type Operation, type Resource, operation } from "./operation.ts";
import { choice, flag, list, text } from "./parameters.ts";
import { readPower } from "./power-types.ts";

const nothing = z.object({});
const comment = text("Why, for the events.", 2000).optional();

/** At least one value. */
export const someIds = (doc: string) =>
  z.array(z.string().max(100)).min(1).max(1000).describe(doc).meta({ type: "String", list: true });

const creation = z
  .object({
    ...machineFields,
    ...commissioning.shape,
    subarchitecture: text("Without meaning here: it is always generic.", 100).optional(),
    mac_addresses: list("MAC addresses of its network cards; the first is the one it boots from.", 64),
    commission: flag("Commission it at once.").optional(),
    deployed: flag("It runs a system already, and is the caller's from the start.").default(false),
    enable_hw_sync: flag("Kept with the machine.").default(false),
  })
  .catchall(z.string().max(4096));
type Creation = z.output<typeof creation>;

/** What is always needed, unless the machine can be reached by its BMC or runs already. @throws InputError */
function identityOf(fields: Creation): { architecture: "amd64" | "arm64"; macs: string[] } {
  const macs = fields.mac_addresses.flatMap((text) => text.split(/[\s,]+/)).filter((mac) => mac !== "");
  const lenient = fields.power_type === "ipmi" || (fields.deployed && !fields.power_type);
  const missing = [
    ...(fields.architecture === undefined ? ["architecture"] : []),
    ...(macs.length === 0 ? ["mac_addresses"] : []),
  ];
  if (missing.length > 0 && !lenient)
    throw new InputError(`These are required: ${missing.join(", ")}.`, {
      failures: missing.map((field) => ({ field, allowed: "This field is required." })),
    });
  return {
    architecture: architectureOf(fields.architecture ?? "amd64"),
    macs: [...new Set(macs.map((mac) => macOf("mac_addresses", mac)))],
  };
}

/** The name of the system a machine runs that is made as deployed; null where it was not said. */
const imageOf = ({ osystem, distro_series }: Creation): string | null =>
  osystem && distro_series ? `${osystem}-${distro_series}` : null;

async function create(call: Call, fields: Creation): Promise<Answer> {
  const identity = identityOf(fields);
  const { caller } = call;
  if (caller === null || !(caller.administrator || (caller.grants ?? []).some(({ role }) => role === "operator"))) {
    const told = {
      ...identity,
      hostname: changeOf(fields).hostname,
      commission: caller === null && fields.commission === true,
    };
    const id = await asForm("mac_addresses", introduceMachine(call.db, told, call.clock.now()));
    return caller !== null && (await sees(call, id))
      ? showMachine(call, id)
      : { json: await anonymousMachine(call.db, id) };
  }
  const power = readPower(
    fields.power_type,
    fields,
    { type: null, parameters: {} },
    fields.power_parameters_skip_check,
  );
  const change: MachineChange = {
    ...changeOf(fields),
    ...(power && { power_driver: power.type, power_parameters: power.parameters }),
  };
  const deployed = fields.deployed ? { image: imageOf(fields) } : undefined;
  const id = await asForm(
    "__all__",
    makeMachine(call.db, { ...identity, change, deployed, adopts: true }, byCaller(call)),
  );
  if (fields.commission !== false && !fields.deployed) await stateAsForm(commission(call, id, fields));
  return showMachine(call, id);
}

/** Whether whoever asks may see a machine. */
async function sees(call: Call, id: string): Promise<boolean> {
  const visible = call.db.selectFrom("machines").select("id").where("id", "=", id);
  return (await visible.where(visibleMachines(callerOf(call))).executeTakeFirst()) !== undefined;
}

type Known = { id: string; hostname: string; status: MachineStatus; owner_id: number | null; pool_id: number };

/** Machines by their ids. @throws InputError naming those that are not there */
async function known(call: Call, field: string, ids: readonly string[]): Promise<Known[]> {
  const rows = await call.db
    .selectFrom("machines")
    .select(["id", "hostname", "status", "owner_id", "pool_id"])
    .where("id", "in", ["", ...ids])
    .orderBy("id")
    .execute();
  const unknown = [...new Set(ids)].filter((id) => !rows.some((row) => row.id === id && mayView(callerOf(call), row)));
  if (unknown.length > 0)
    throw new InputError(`Unknown machine(s): ${unknown.slice(0, 20).join(", ").slice(0, 500)}.`, {
      cause: field,
    });
  return rows;
}

const releasable: readonly MachineStatus[] = [
  "allocated",
  "reserved",
  "broken",
  "deploying",
  "deployed",
  "failed deployment",
  "failed disk erasing",
  "failed releasing",
];

async function releaseAll(call: Call, fields: { machines: string[]; comment?: string | undefined }): Promise<string[]> {
  const machines = await known(call, "machines", fields.machines);
  const forbidden = machines.filter((machine) => !mayUse(callerOf(call), machine));
  if (forbidden.length > 0)
    throw new Denied(
      `You don't have the required permission to release the following machine(s): ${forbidden.map(({ id }) => id).join(", ")}.`,
    );
  const released: string[] = [];
  const stuck: Known[] = [];
  for (const machine of machines) {
    if (machine.status === "ready") continue;
    if (!releasable.includes(machine.status)) {
      if (machine.status !== "releasing") stuck.push(machine);
      continue;
    }
    await releaseMachine(call.db, machine.id, { comment: fields.comment }, byCaller(call)).then(
      () => released.push(machine.id),
      (error: unknown) => {
        if (!(error instanceof StateConflict)) throw error;
        stuck.push(machine);
      },
    );
  }
  if (stuck.length > 0)
    throw new StateConflict(
      `Machine(s) cannot be released in their current state: ${stuck.map(({ id, status }) => `${id} ('${status}')`).join(", ")}.`,
    );
  return released;
}

/** Starts commissioning of those that are New; what is beyond that is left alone. */
async function accept(call: Call, machines: readonly Known[]): Promise<Answer> {
  const refused = machines.filter(({ status }) => !["new", "ready", "commissioning"].includes(status));
  if (refused.length > 0)
    throw new StateConflict(
      `Cannot accept machine(s): ${refused.map(({ id, status }) => `${id} is '${status}'`).join(", ")}.`,
    );
  const fresh = machines.filter(({ status }) => status === "new").map(({ id }) => id);
  for (const id of fresh) await commission(call, id, commissioning.parse({}));
  return listed(call, sql<boolean>`machines.id = any(${fresh}::text[])`);
}

const listed = (call: Call, condition: ReturnType<typeof sql<boolean>>): Answer => ({
  chunks: machineList(call.db, condition, call.clock.now()),
});

/** Moves machines to a zone, all of them or none. */
export const setZone: Operation = operation({
  access: "user",
  title: "Moves machines to a zone.",
  parameters: z.object({ zone: text("Name of the zone.", 256), nodes: someIds("System ids of the machines.") }),
  run: async (call, { zone, nodes }) => {
    const machines = await known(call, "nodes", nodes);
    const refused = machines.filter((machine) => !mayOperate(callerOf(call), machine)).map(({ id }) => id);
    if (refused.length > 0) throw InputError.field("nodes", refused, `You may not move ${refused.join(", ")}.`);
    for (const { id } of machines) await updateMachine(call.db, id, { zone }, byCaller(call));
    return { json: null };
  },
});

const chassisTypes = [
  "hmcz",
  "lxd",
  "mscm",
  "msftocs",
  "powerkvm",
  "proxmox",
  "recs_box",
  "seamicro15k",
  "sm15k",
  "ucsm",
  "virsh",
  "vmware",
] as const;

/** `machines/`: all machines, and how a new one comes. */
export const machineResources: readonly Resource[] = [
  {
    handler: "MachinesHandler",
    anonymous: "AnonMachinesHandler",
    path: "machines/",
    doc: "Machines.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists machines, narrowed by what is asked for.",
        parameters: listParameters,
        strict: true,
        run: async (call, wanted) =>
          listed(call, await listCondition(call.db, wanted, visibleMachines(callerOf(call)))),
      }),
      POST: operation({
        access: "none",
        title: "Makes a machine known; of a stranger only its name, architecture and network cards are taken.",
        parameters: creation,
        run: (call, fields) => withFieldNames({ scripts: "__all__" }, create(call, fields)),
      }),
      "POST allocate": allocate,
      "POST release": operation({
        access: "user",
        title: "Gives machines back; those that are free already are left alone.",
        parameters: z.object({ machines: someIds("System ids."), comment }),
        errors: "text",
        run: async (call, fields) => ({ json: await releaseAll(call, fields) }),
      }),
      "POST accept": operation({
        access: "admin",
        title: "Commissions machines that are new.",
        parameters: z.object({ machines: list("System ids.") }),
        run: async (call, { machines }) => accept(call, await known(call, "machines", machines)),
      }),
      "POST accept_all": operation({
        access: "admin",
        title: "Commissions every machine that is new.",
        parameters: nothing,
        run: async (call) => {
          const fresh = call.db.selectFrom("machines").select(["id", "hostname", "status", "owner_id", "pool_id"]);
          return accept(call, await fresh.where("status", "=", "new").orderBy("id").execute());
        },
      }),
      "POST clone": cloneOperation,
      "POST set_zone": setZone,
      "POST add_chassis": operation({
        access: "admin",
        title: "Would enlist the machines of a chassis; none of these types is known here, so it is refused.",
        errors: "text",
        parameters: z.object({
          chassis_type: choice("Type of the chassis.", chassisTypes),
          hostname: text("Where the chassis is.", 255),
        }),
        run: async (_call, { chassis_type }) => {
          throw new InputError(
            `This server cannot ask a chassis of type ${chassis_type} for its machines. Make them known one by one.`,
          );
        },
      }),
      "GET power_parameters": operation({
        access: "admin",
        title: "Power parameters of machines, with their secrets.",
        parameters: z.object({ id: someIds("System ids.") }),
        errors: "text",
        run: async (call, { id }) => {
          const powers = await powersOf(call.db, id);
          return { json: Object.fromEntries([...powers].map(([machine, { parameters }]) => [machine, parameters])) };
        },
      }),
      "GET list_allocated": operation({
        access: "user",
        title: "Lists the machines that are allocated to whoever asks.",
        parameters: z.object({ id: list("Only these system ids.") }),
        run: async (call, { id }) => {
          const mine = sql<boolean>`${visibleMachines(callerOf(call))} and machines.owner_id = ${callerOf(call).id}`;
          return listed(call, id.length === 0 ? mine : sql<boolean>`${mine} and machines.id = any(${id}::text[])`);
        },
      }),
      ...registrationOperations,
    },
  },
  machineResource,
];

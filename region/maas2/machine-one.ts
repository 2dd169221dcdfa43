import { hostname as hostnames, macAddress } from "@rackwright/contract";
import { sql } from "kysely";
import { stringify } from "yaml";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { annotateMachine } from "../machines/annotations.ts";
import { type MachineChange, updateMachine } from "../machines/change.ts";
import { readCredentials } from "../machines/credentials.ts";
import { deleteMachine } from "../machines/forget.ts";
import { installConfig } from "../machines/install-config.ts";
import { clearDefaultGateways, restoreNetwork } from "../machines/restore.ts";
import { restoreLayout } from "../storage/index.ts";
import { bson } from "./bson.ts";
import { asForm, given } from "./common.ts";
import { machineActions, requireKernel } from "./machine-actions.ts";
import { byCaller, inMaasWords, machineAction, machineOf, showMachine } from "./machine-call.ts";
import { powerOf } from "./machine-power.ts";
import { type Call, type Operation, type Resource, operation } from "./operation.ts";
import { flag, integer, text } from "./parameters.ts";
import { readPower } from "./power-types.ts";
import { memoryOrNone, sizeOrNone } from "./sizes.ts";
import { storageMachineOperations } from "./storage-machine-ops.ts";

const nothing = z.object({});

/** What a form may say of a machine that is made or changed. */
export const machineFields = {
  hostname: text("Its host name, alone or with its domain.", 255).optional(),
  description: text("What it is, for people.", 2000).optional(),
  domain: text("Its domain, by name or number.", 255).optional(),
  architecture: text("Its architecture, such as amd64/generic.", 100).optional(),
  min_hwe_kernel: text("The oldest kernel it may run, such as ga-22.04; kept with the machine.", 100).optional(),
  hwe_kernel: text("The kernel to deploy, such as ga-22.04; kept with the machine.", 100).optional(),
  power_type: text("How it is switched: ipmi or manual.", 100).optional(),
  power_parameters: text("Parameters of the power type, as one JSON object.", 100_000).optional(),
  power_parameters_skip_check: flag("Take power parameters that miss what is required.").default(false),
  pool: text("Its resource pool.", 256).optional(),
  zone: text("Its physical zone.", 256).optional(),
  swap_size: sizeOrNone("Size of its swap file in bytes; kept with the machine.").optional(),
  disable_ipv4: flag("Without meaning here.").optional(),
  cpu_count: integer("CPU threads, until commissioning finds out.", { least: 0, most: 1_000_000 }).optional(),
  memory: memoryOrNone("Memory in MiB, until commissioning finds out.").optional(),
  osystem: text("Without meaning here: it is given when a machine is deployed.", 100).optional(),
  distro_series: text("Without meaning here: it is given when a machine is deployed.", 100).optional(),
  license_key: text("Without meaning here.", 1000).optional(),
  ephemeral_deploy: flag("Without meaning here: it is given when a machine is deployed.").optional(),
  enable_hw_sync: flag("Kept with the machine.").optional(),
  enable_kernel_crash_dump: flag("Kept with the machine.").optional(),
  is_dpu: flag("Whether it is a data processing unit; kept with the machine.").optional(),
};
/** Power parameters come one by one, under names that begin with `power_parameters_`. */
const change = z.object(machineFields).catchall(z.string().max(4096));
type Fields = z.output<z.ZodObject<typeof machineFields>>;

/** `amd64/generic` and `amd64` are ours; the part behind the slash is always `generic`. @throws InputError */
export function architectureOf(given: string): "amd64" | "arm64" {
  const [name, variant = "generic"] = given.split("/", 2);
  if ((name === "amd64" || name === "arm64") && variant === "generic") return name;
  throw InputError.field(
    "architecture",
    given.slice(0, 100),
    `'${given.slice(0, 100)}' is not a valid architecture. It should be one of: amd64/generic, arm64/generic.`,
  );
}

/** A whole name says the domain too, where that is not given. */
function namesOf({ hostname = "", domain }: Fields): { hostname: string; domain: string | undefined } {
  const [host = "", ...rest] = hostname.toLowerCase().split(".");
  return { hostname: host, domain: (domain ?? "") === "" && rest.length > 0 ? rest.join(".") : domain };
}

/** What a form changes of a machine, beside its power. @throws InputError */
export function changeOf(fields: Fields): MachineChange {
  requireKernel("min_hwe_kernel", fields.min_hwe_kernel);
  requireKernel("hwe_kernel", fields.hwe_kernel);
  const { description, architecture, pool, zone, min_hwe_kernel, hwe_kernel, swap_size } = fields;
  const { hostname, domain } = namesOf(fields);
  const name = hostname === "" ? undefined : hostnames.safeParse(hostname);
  if (name?.success === false)
    throw InputError.field("hostname", hostname, name.error.issues[0]?.message ?? "is no host name");
  const word = (value: string | undefined) => (value === "" ? undefined : value);
  return given({
    hostname: name?.data,
    description,
    domain: word(domain),
    architecture: architecture === undefined || architecture === "" ? undefined : architectureOf(architecture),
    pool: word(pool),
    zone: word(zone),
    min_hwe_kernel,
    hwe_kernel,
    swap_size,
    enable_hw_sync: fields.enable_hw_sync,
    enable_kernel_crash_dump: fields.enable_kernel_crash_dump,
    is_dpu: fields.is_dpu,
    stated_cpu_count: fields.cpu_count,
    stated_memory: fields.memory,
  });
}

async function update(call: Call, { id }: { id: string }, fields: z.output<typeof change>): Promise<void> {
  const before = await powerOf(call.db, id);
  const power = readPower(fields.power_type, fields, before, fields.power_parameters_skip_check);
  const changes: MachineChange = {
    ...changeOf(fields),
    ...(power && { power_driver: power.type, power_parameters: power.parameters }),
  };
  // A hostname that is taken is wrong in the form.
  await asForm("hostname", updateMachine(call.db, id, changes, byCaller(call)));
}

/** What was found out about a machine's hardware, as its tools printed it. */
export const details = operation({
  access: "user",
  title: "What lshw and lldpctl printed, as BSON.",
  parameters: nothing,
  run: async (call) => {
    const { id } = await machineOf(call, "view");
    const { rows } = await sql<{ lshw: string | null }>`
      select document::text as lshw from machine_lshw where machine_id = ${id}`.execute(call.db);
    const lshw = rows[0]?.lshw ?? null;
    return { bytes: bson({ lshw: lshw === null ? null : Buffer.from(lshw), lldp: null }), type: "application/bson" };
  },
});

export const readPowerParameters = operation({
  access: "user",
  title: "Power parameters of a machine, with their secrets.",
  parameters: nothing,
  run: async (call) => {
    const { id } = await machineOf(call, "admin_read");
    return { json: (await powerOf(call.db, id)).parameters };
  },
});

const annotate = machineAction(
  "Writes words of its owner on a machine, by key; an empty text takes a key away.",
  "edit",
  z.object({}).catchall(z.string().max(10_000)),
  (call, { id }, values) => annotateMachine(call.db, id, values, byCaller(call)),
);

export const removeMachine = operation({
  access: "user",
  title: "Forgets a machine.",
  parameters: z.object({ force: flag("Without meaning here.").default(false) }),
  run: async (call) => {
    const { id } = await machineOf(call, "admin");
    await inMaasWords(deleteMachine(call.db, id, byCaller(call)));
    return { status: 204 };
  },
});

const readingOperations: Readonly<Record<string, Operation>> = {
  GET: operation({
    access: "user",
    title: "Reads a machine.",
    parameters: nothing,
    run: async (call) => showMachine(call, (await machineOf(call, "view")).id),
  }),
  "GET details": details,
  "GET power_parameters": readPowerParameters,
  "GET get_token": operation({
    access: "user",
    title: "The credentials a machine has towards the metadata service.",
    parameters: nothing,
    run: async (call) => {
      const { id } = await machineOf(call, "admin_read");
      return { json: (await readCredentials(call.db, id)) ?? null };
    },
  }),
  "GET get_curtin_config": operation({
    access: "user",
    title: "What the installer was told to do, as YAML.",
    parameters: nothing,
    errors: "text",
    run: async (call) => {
      const { id } = await machineOf(call, "view");
      return { text: stringify(await installConfig(call.db, id, call.clock.now())) };
    },
  }),
};

/** `machines/{system_id}/`: one machine. */
export const machineResource: Resource = {
  handler: "MachineHandler",
  path: "machines/{system_id}/",
  doc: "One machine.",
  operations: {
    ...readingOperations,
    ...machineActions,
    ...storageMachineOperations,
    PUT: machineAction("Changes a machine.", "admin", change, update),
    DELETE: removeMachine,
    "POST set_owner_data": annotate,
    "POST set_workload_annotations": annotate,
    "POST clear_default_gateways": machineAction(
      "Lets the gateways be chosen by the links again.",
      "admin",
      nothing,
      (call, { id }) => clearDefaultGateways(call.db, id, byCaller(call)),
    ),
    "POST restore_networking_configuration": machineAction(
      "Links the network as commissioning does.",
      "admin",
      nothing,
      (call, { id }) => restoreNetwork(call.db, id, byCaller(call)),
    ),
    "POST restore_default_configuration": machineAction(
      "Sets network and storage up as commissioning does.",
      "admin",
      nothing,
      async (call, { id }) => {
        await restoreNetwork(call.db, id, byCaller(call));
        await restoreLayout(call.db, { machineId: id, ...byCaller(call) });
      },
    ),
  },
};

/** A MAC address of a form. @throws InputError */
export function macOf(field: string, given: string): string {
  const mac = macAddress.safeParse(given.trim());
  if (mac.success) return mac.data;
  throw InputError.field(field, given.slice(0, 100), `'${given.slice(0, 100)}' is not a valid MAC address.`);
}

import { type MachineStatus } from "@rackwright/contract";
import { registerDebian } from "../../images/testing.ts";
import { renewCredentials } from "../../machines/credentials.ts";
import { testScript } from "../../scripts/testing.ts";
import type { Example, Examples, World } from "../testing/example.ts";

type Values = Parameters<World["machine"]>[0];
type Form = Record<string, string | string[]>;

/** A machine of its own in a status; what is not free is the administrator's. */
async function one(world: World, status: MachineStatus = "ready", values: Values = {}): Promise<Example> {
  const owner_id = status === "ready" || status === "new" ? null : world.people.admin.id;
  return { path: { system_id: await world.machine({ status, owner_id, ...values }) } };
}
const on =
  (status: MachineStatus, form?: Form, values: Values = {}) =>
  async (world: World): Promise<Example> => ({ ...(await one(world, status, values)), ...(form && { form }) });
const idOf = (example: Example): string => String(example.path?.["system_id"]);

/** A machine whose disks are laid out, so that it can be deployed. */
async function laidOut(world: World): Promise<Example> {
  await registerDebian(world.db);
  const example = await one(world, "ready", { firmware: "uefi" });
  await world.make("POST", `machines/${idOf(example)}/`, {
    op: "set_storage_layout",
    form: { storage_layout: "flat" },
  });
  return example;
}

/** A test that any machine can run. */
async function script(world: World): Promise<string> {
  const name = world.fresh("probe");
  await world.make("POST", "scripts/", {
    files: [
      { field: "script", filename: name, data: testScript(`name: ${name}\nscript_type: testing\nhardware_type: node`) },
    ],
  });
  return name;
}

async function mac(world: World): Promise<string> {
  const [, number = "0"] = world.fresh("mac").split("-");
  return `52:54:00:aa:${(Number(number) >> 8).toString(16).padStart(2, "0")}:${(Number(number) & 255).toString(16).padStart(2, "0")}`;
}

const cardOf = async ({ db, machineId }: World): Promise<Example> => {
  const row = await db.selectFrom("interfaces").select("mac").where("machine_id", "=", machineId).executeTakeFirst();
  return { query: { mac_address: row?.mac ?? "" }, as: "nobody" };
};

async function plugged(world: World): Promise<Example> {
  const example = await one(world);
  const { id } = await world.db
    .insertInto("node_devices")
    .values({
      machine_id: idOf(example),
      bus: "pcie",
      address: "0000:5e:00.0",
      hardware_type: "network",
      vendor_id: "8086",
      product_id: "1572",
      vendor: "Intel",
      product: "X710",
      driver: "i40e",
      numa_node: 0,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { path: { system_id: idOf(example), id } };
}

async function rack(world: World): Promise<Example> {
  const { system_id } = await world.db
    .insertInto("racks")
    .values({ name: world.fresh("rack"), secret: Buffer.alloc(32) })
    .returning("system_id")
    .executeTakeFirstOrThrow();
  return { path: { system_id } };
}
async function region(world: World): Promise<Example> {
  const { system_id } = await world.db
    .insertInto("regions")
    .values({
      hostname: world.fresh("region"),
      version: "1.0.0",
      architecture: "amd64",
      started_at: new Date(0),
      seen_at: new Date(0),
    })
    .returning("system_id")
    .executeTakeFirstOrThrow();
  return { path: { system_id } };
}
const having =
  (make: (world: World) => Promise<Example>, more: Omit<Example, "path">) =>
  async (world: World): Promise<Example> => ({ ...(await make(world)), ...more });

/** Without a rack nobody can be asked, so the state is what is known of a machine that is switched by hand. */
const byHand: Values = { power_driver: "manual" };
const known = async (id: string): Promise<Example> => ({ path: { system_id: id } });

export const machineExamples: Examples = {
  "GET machines/": () => ({ as: "user" }),
  "POST machines/": async (world) => ({
    form: {
      architecture: "amd64/generic",
      mac_addresses: [await mac(world)],
      hostname: world.fresh("host"),
      power_type: "manual",
      commission: "false",
    },
  }),
  "GET machines/ is_registered": cardOf,
  "GET machines/ is_action_in_progress": cardOf,
  "POST machines/ set_zone": async (world) => ({ form: { zone: "default", nodes: [idOf(await one(world))] } }),
  "GET machines/ power_parameters": async (world) => ({ query: { id: [world.machineId] } }),
  "POST machines/ accept": async (world) => ({ form: { machines: [idOf(await one(world, "new"))] } }),
  "POST machines/ accept_all": async (world) => {
    await one(world, "new");
    return {};
  },
  "POST machines/ release": async (world) => ({ form: { machines: [idOf(await one(world, "allocated", byHand))] } }),
  "GET machines/ list_allocated": async (world) => {
    await one(world, "allocated");
    return {};
  },
  "POST machines/ allocate": async (world) => ({ form: { system_id: [idOf(await one(world))], agent_name: "juju" } }),
  // No chassis type can be asked for its machines here, which is told.
  "POST machines/ add_chassis": () => ({ form: { chassis_type: "virsh", hostname: "192.0.2.1" }, status: 400 }),
  "POST machines/ clone": async (world) => ({
    form: { source: world.machineId, destinations: [idOf(await one(world))], interfaces: "true" },
  }),

  "GET machines/{system_id}/": (world) => known(world.machineId),
  "PUT machines/{system_id}/": async (world) => ({
    ...(await one(world)),
    form: {
      hostname: world.fresh("host"),
      description: "by the door",
      swap_size: "2G",
      cpu_count: "4",
      memory: "4096",
    },
  }),
  "DELETE machines/{system_id}/": on("ready"),
  "GET machines/{system_id}/ details": (world) => known(world.machineId),
  "GET machines/{system_id}/ power_parameters": (world) => known(world.machineId),
  "POST machines/{system_id}/ set_owner_data": on("allocated", { juju: "model" }),
  "POST machines/{system_id}/ set_workload_annotations": on("allocated", { juju: "model" }),
  "GET machines/{system_id}/ query_power_state": on("ready", undefined, byHand),
  "POST machines/{system_id}/ power_on": on("deployed"),
  "POST machines/{system_id}/ power_off": on("deployed", { stop_mode: "soft" }),
  "POST machines/{system_id}/ test": async (world) => ({
    ...(await one(world)),
    form: { testing_scripts: await script(world) },
  }),
  "POST machines/{system_id}/ override_failed_testing": on("failed testing"),
  "POST machines/{system_id}/ abort": on("commissioning"),
  "GET machines/{system_id}/ get_token": async (world) => {
    const example = await one(world, "deployed");
    await renewCredentials(world.db, idOf(example), new Date());
    return example;
  },
  "POST machines/{system_id}/ deploy": async (world) => ({
    ...(await laidOut(world)),
    form: { distro_series: "debian/12", user_data: Buffer.from("#cloud-config\n").toString("base64") },
  }),
  "POST machines/{system_id}/ release": on("allocated", { comment: "done" }),
  "POST machines/{system_id}/ commission": on("ready", { skip_bmc_config: "true", testing_scripts: "none" }),
  "POST machines/{system_id}/ clear_default_gateways": on("ready"),
  "GET machines/{system_id}/ get_curtin_config": async (world) => {
    const example = await laidOut(world);
    await world.db
      .updateTable("machines")
      .set({ status: "deployed", image: "debian-12" })
      .where("id", "=", idOf(example))
      .execute();
    return example;
  },
  "POST machines/{system_id}/ restore_networking_configuration": on("ready"),
  "POST machines/{system_id}/ restore_default_configuration": on("ready"),
  "POST machines/{system_id}/ mark_broken": on("allocated", { comment: "it smokes" }),
  "POST machines/{system_id}/ mark_fixed": on("broken"),
  "POST machines/{system_id}/ rescue_mode": on("ready"),
  "POST machines/{system_id}/ exit_rescue_mode": on("rescue mode"),
  "POST machines/{system_id}/ lock": on("deployed"),
  "POST machines/{system_id}/ unlock": on("deployed", undefined, { locked: true }),

  "GET nodes/": () => ({}),
  "GET nodes/ is_registered": cardOf,
  "GET nodes/ is_action_in_progress": cardOf,
  "POST nodes/ set_zone": async (world) => ({ form: { zone: "default", nodes: [idOf(await one(world))] } }),
  "GET nodes/{system_id}/": (world) => known(world.machineId),
  "DELETE nodes/{system_id}/": on("ready"),
  "GET nodes/{system_id}/ details": (world) => known(world.machineId),
  "GET nodes/{system_id}/ power_parameters": (world) => known(world.machineId),

  "GET nodes/{system_id}/devices/": plugged,
  "GET nodes/{system_id}/devices/{id}/": plugged,
  "DELETE nodes/{system_id}/devices/{id}/": plugged,

  "GET rackcontrollers/": async (world) => {
    await rack(world);
    return {};
  },
  "GET rackcontrollers/ is_registered": cardOf,
  "GET rackcontrollers/ is_action_in_progress": cardOf,
  "GET rackcontrollers/ describe_power_types": () => ({}),
  "GET rackcontrollers/ power_parameters": async (world) => ({ query: { id: [idOf(await rack(world))] } }),
  "POST rackcontrollers/ set_zone": async (world) => ({ form: { zone: "default", nodes: [idOf(await rack(world))] } }),
  "POST rackcontrollers/ import_boot_images": () => ({}),
  "GET rackcontrollers/{system_id}/": rack,
  "PUT rackcontrollers/{system_id}/": having(rack, { form: { description: "top of rack" } }),
  "DELETE rackcontrollers/{system_id}/": rack,
  "GET rackcontrollers/{system_id}/ details": rack,
  "GET rackcontrollers/{system_id}/ power_parameters": rack,
  "GET rackcontrollers/{system_id}/ query_power_state": rack,
  "POST rackcontrollers/{system_id}/ power_off": rack,
  // Only machines are switched and tested here.
  "POST rackcontrollers/{system_id}/ power_on": having(rack, { status: 409 }),
  "POST rackcontrollers/{system_id}/ test": having(rack, { status: 409 }),
  "POST rackcontrollers/{system_id}/ override_failed_testing": having(rack, { status: 409 }),
  "POST rackcontrollers/{system_id}/ abort": having(rack, { status: 409 }),
  "POST rackcontrollers/{system_id}/ import_boot_images": rack,
  "GET rackcontrollers/{system_id}/ list_boot_images": rack,

  "GET regioncontrollers/": async (world) => {
    await region(world);
    return {};
  },
  "GET regioncontrollers/ is_registered": cardOf,
  "GET regioncontrollers/ is_action_in_progress": cardOf,
  "POST regioncontrollers/ set_zone": async (world) => ({
    form: { zone: "default", nodes: [idOf(await region(world))] },
  }),
  "GET regioncontrollers/{system_id}/": region,
  "PUT regioncontrollers/{system_id}/": having(region, { form: { description: "the brain" } }),
  "DELETE regioncontrollers/{system_id}/": region,
  "GET regioncontrollers/{system_id}/ details": region,
  "GET regioncontrollers/{system_id}/ power_parameters": region,
};

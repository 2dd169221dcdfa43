import type { Example, Examples, World } from "../testing/example.ts";
import { freshMac } from "./interfaces.ts";

type Made = { id: number; system_id: string };

const device = async (world: World): Promise<Example> => {
  const form = { mac_addresses: [freshMac(world)], hostname: world.fresh("switch") };
  const { system_id } = await world.make<Made>("POST", "devices/", { form });
  return { path: { system_id } };
};
export const deviceExamples: Examples = {
  "GET devices/": async (world) => {
    await device(world);
    return { query: { zone: "default" } };
  },
  "POST devices/": async (world) => ({
    form: {
      hostname: `${world.fresh("printer")}.maas`,
      mac_addresses: [freshMac(world), freshMac(world)],
      parent: await world.machine(),
      description: "by the door",
    },
  }),
  "POST devices/ set_zone": async (world) => ({
    form: { zone: "default", nodes: [String((await device(world)).path?.["system_id"])] },
  }),
  "GET devices/ is_registered": () => ({ query: { mac_address: "02:00:00:00:00:01" } }),
  "GET devices/ is_action_in_progress": () => ({ query: { mac_address: "02:00:00:00:00:01" } }),
  "GET devices/{system_id}/": device,
  "PUT devices/{system_id}/": async (world) => ({
    ...(await device(world)),
    form: { description: "moved", swap_size: "1G", parent: "" },
  }),
  "DELETE devices/{system_id}/": device,
  "GET devices/{system_id}/ details": device,
  "GET devices/{system_id}/ power_parameters": device,
  "POST devices/{system_id}/ set_owner_data": async (world) => ({ ...(await device(world)), form: { use: "print" } }),
  "POST devices/{system_id}/ set_workload_annotations": async (world) => ({
    ...(await device(world)),
    form: { use: "print" },
  }),
  "POST devices/{system_id}/ restore_networking_configuration": device,
  "POST devices/{system_id}/ restore_default_configuration": device,
};

import type { Example, Examples, World } from "../testing/example.ts";

const tag = async (world: World, form: Record<string, string> = {}): Promise<{ path: { name: string } }> => {
  const name = world.fresh("tag");
  await world.make("POST", "tags/", { form: { name, ...form } });
  return { path: { name } };
};
const given = async (world: World): Promise<Example> => {
  const { path } = await tag(world);
  await world.make("POST", `tags/${path.name}/`, { op: "update_nodes", form: { add: world.machineId } });
  return { path };
};
/** Only machines have tags. */
const nobodys = async (world: World): Promise<Example> => ({ ...(await tag(world)), empty: true });

export const tagExamples: Examples = {
  "GET tags/": async (world) => {
    await tag(world);
    return { as: "user" };
  },
  "POST tags/": (world) => ({
    form: { name: world.fresh("tag"), comment: "fast", definition: "//node[@id='cpu']", kernel_opts: "quiet" },
  }),
  "GET tags/{name}/": tag,
  "PUT tags/{name}/": async (world) => ({ ...(await tag(world)), form: { name: world.fresh("tag"), comment: "slow" } }),
  "DELETE tags/{name}/": tag,
  "POST tags/{name}/ update_nodes": async (world) => ({ ...(await tag(world)), form: { add: world.machineId } }),
  "POST tags/{name}/ rebuild": async (world) => tag(world, { definition: "//node[@id='cpu']" }),
  "GET tags/{name}/ nodes": given,
  "GET tags/{name}/ machines": given,
  "GET tags/{name}/ devices": nobodys,
  "GET tags/{name}/ rack_controllers": nobodys,
  "GET tags/{name}/ region_controllers": nobodys,
};

import type { Example, Examples, World } from "../testing/example.ts";

type Made = { id: number; name: string };
const zone = async (world: World): Promise<Example> => {
  const { name } = await world.make<Made>("POST", "zones/", { form: { name: world.fresh("zone") } });
  return { path: { name } };
};
const pool = async (world: World): Promise<Example> => {
  const { id } = await world.make<Made>("POST", "resourcepools/", { form: { name: world.fresh("pool") } });
  return { path: { id } };
};
const fields = (world: World) => ({ name: world.fresh("place"), description: "by the door" });

export const placeExamples: Examples = {
  "GET zones/": () => ({}),
  "POST zones/": (world) => ({ form: fields(world) }),
  "GET zones/{name}/": zone,
  "PUT zones/{name}/": async (world) => ({ ...(await zone(world)), form: fields(world) }),
  "DELETE zones/{name}/": zone,
  "GET resourcepools/": () => ({}),
  "POST resourcepools/": (world) => ({ form: fields(world) }),
  "GET resourcepool/{id}/": pool,
  "PUT resourcepool/{id}/": async (world) => ({ ...(await pool(world)), form: fields(world) }),
  "DELETE resourcepool/{id}/": pool,
};

import type { Example, Examples, World } from "../testing/example.ts";
import { certificate } from "../testing/certificate.ts";
import { sshKey } from "../testing/ssh-key.ts";

type Numbered = { id: number };

const ownKey = async (world: World): Promise<Example> => {
  const { id } = await world.make<Numbered>("POST", "account/prefs/sshkeys/", { as: "user", form: { key: sshKey() } });
  return { as: "user", path: { id } };
};
const ownCertificate = async (world: World): Promise<Example> => {
  const form = { key: certificate(world.fresh()) };
  const { id } = await world.make<Numbered>("POST", "account/prefs/sslkeys/", { as: "user", form });
  return { as: "user", path: { id } };
};
const token = async (world: World) =>
  world.make<{ token_key: string }>("POST", "account/", {
    op: "create_authorisation_token",
    as: "user",
    form: { name: "ci" },
  });
const user = (world: World) => {
  const username = world.fresh("user");
  return {
    username,
    form: { username, email: `${username}@example.com`, password: "long-enough-1", is_superuser: "0" },
  };
};
const somebody = async (world: World): Promise<string> => {
  const { username, form } = user(world);
  await world.make("POST", "users/", { form });
  return username;
};
const group = async (world: World): Promise<{ path: { id: number } }> => {
  const { id } = await world.make<Numbered>("POST", "groups/", { form: { name: world.fresh("group") } });
  return { path: { id } };
};
const entitlement = { resource_type: "maas", resource_id: "0", entitlement: "can_view_machines" };
const groupWith = async (world: World) => {
  const made = await group(world);
  const username = await somebody(world);
  await world.ask("POST", `groups/${made.path.id}/`, { op: "add_member", form: { username } });
  await world.ask("POST", `groups/${made.path.id}/`, { op: "add_entitlement", form: entitlement });
  return { ...made, username };
};

export const identityExamples: Examples = {
  "GET version/": () => ({ as: "nobody" }),
  "GET describe/": () => ({ as: "nobody" }),
  "GET openapi.yaml": () => ({ as: "nobody" }),
  "POST account/ create_authorisation_token": () => ({ as: "user", form: { name: "ci" } }),
  "POST account/ delete_authorisation_token": async (world) => ({
    as: "user",
    form: { token_key: (await token(world)).token_key },
  }),
  "POST account/ update_token_name": async (world) => ({
    as: "user",
    form: { token: (await token(world)).token_key, name: "other" },
  }),
  "GET account/ list_authorisation_tokens": () => ({ as: "user" }),
  "GET account/prefs/sshkeys/": async (world) => {
    await ownKey(world);
    return { as: "user" };
  },
  "POST account/prefs/sshkeys/": () => ({ as: "user", form: { key: sshKey() } }),
  "POST account/prefs/sshkeys/ import": () => ({ as: "user", form: { keysource: "gh:octo" } }),
  "GET account/prefs/sshkeys/{id}/": ownKey,
  "DELETE account/prefs/sshkeys/{id}/": ownKey,
  "GET account/prefs/sslkeys/": async (world) => {
    await ownCertificate(world);
    return { as: "user" };
  },
  "POST account/prefs/sslkeys/": (world) => ({ as: "user", form: { key: certificate(world.fresh()) } }),
  "GET account/prefs/sslkeys/{id}/": ownCertificate,
  "DELETE account/prefs/sslkeys/{id}/": ownCertificate,
  "GET users/ whoami": () => ({ as: "user" }),
  "GET users/": () => ({ as: "user" }),
  "POST users/": (world) => ({ form: user(world).form }),
  "GET users/{username}/": ({ people }) => ({ as: "user", path: { username: people.other.username } }),
  "DELETE users/{username}/": async (world) => ({ path: { username: await somebody(world) } }),
  "GET groups/": async (world) => {
    await group(world);
    return {};
  },
  "POST groups/": (world) => ({ form: { name: world.fresh("group"), description: "people" } }),
  "GET groups/{id}/": group,
  "PUT groups/{id}/": async (world) => ({ ...(await group(world)), form: { description: "others" } }),
  "DELETE groups/{id}/": group,
  "GET groups/{id}/ list_members": async (world) => ({ path: (await groupWith(world)).path }),
  "GET groups/{id}/ list_entitlements": async (world) => ({ path: (await groupWith(world)).path }),
  "POST groups/{id}/ add_member": async (world) => ({
    ...(await group(world)),
    form: { username: await somebody(world) },
  }),
  "POST groups/{id}/ remove_member": async (world) => {
    const { path, username } = await groupWith(world);
    return { path, form: { username } };
  },
  "POST groups/{id}/ add_entitlement": async (world) => ({ ...(await group(world)), form: entitlement }),
  "POST groups/{id}/ remove_entitlement": async (world) => ({
    path: (await groupWith(world)).path,
    form: entitlement,
  }),
};

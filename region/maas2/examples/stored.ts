import { createHash } from "node:crypto";
import { json } from "../../database/pool.ts";
import { testScript } from "../../scripts/testing.ts";
import type { Example, Examples, World } from "../testing/example.ts";

const sha = (content: string) => createHash("sha256").update(content).digest("hex");
const only = (id: number): Example => ({ path: { id } });

const notification = async ({ make, people }: World) =>
  (
    await make<{ id: number }>("POST", "notifications/", {
      form: { message: "{n} disks fail", context: '{"n": 2}', user: people.user.username, admins: "true" },
    })
  ).id;
const repository = async ({ make, fresh }: World) =>
  (
    await make<{ id: number }>("POST", "package-repositories/", {
      form: { name: fresh("mirror"), url: "http://mirror.example/ubuntu", arches: ["amd64", "arm64"] },
    })
  ).id;
const licenseKey = async ({ make, fresh }: World): Promise<Example> => {
  const path = { osystem: "windows", distro_series: fresh("win") };
  await make("POST", "license-keys/", { form: { ...path, license_key: "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE" } });
  return { path };
};
const source = async ({ make, fresh }: World) =>
  (
    await make<{ id: number }>("POST", "boot-sources/", {
      form: { url: `http://images.example/${fresh()}`, keyring_filename: "/usr/share/keyrings/x.gpg" },
    })
  ).id;
const selection = async (world: World): Promise<Example> => {
  const boot_source_id = await source(world);
  const { id } = await world.make<{ id: number }>("POST", `boot-sources/${boot_source_id}/selections/`, {
    form: { os: "ubuntu", release: world.fresh("noble"), arches: ["amd64", "arm64"] },
  });
  return { path: { boot_source_id, id } };
};
const file = async ({ ask, fresh }: World) => {
  const filename = fresh("state/of a");
  const files = [{ field: "file", filename: "any", data: "hello" }];
  await ask("POST", "files/", { form: { filename }, files, as: "user" });
  return filename;
};
const script = async ({ make, fresh }: World): Promise<Example> => {
  const name = fresh("check");
  const files = [{ field: "script", filename: name, data: "#!/bin/sh\necho one\n" }];
  await make("POST", "scripts/", { form: { name, tags: "a,b", comment: "first" }, files });
  return { path: { name } };
};

const oidc = (name: string) => ({
  name,
  issuer_url: "https://login.example.org/realms/main",
  client_id: "rackwright",
  client_secret: "hush-hush",
  enabled: "true",
  token_type: "JWT",
  vendor: "Generic",
  redirect_uri: "https://region.example.org/callback",
  scopes: "openid profile",
});
const provider = async ({ make, fresh }: World) =>
  (await make<{ id: number }>("POST", "oidc-providers/", { form: oidc(fresh("login")) })).id;

/** A machine with a set of two scripts that ran; one of them failed and wrote something. */
async function results({ db, machine, fresh }: World): Promise<Example> {
  const system_id = await machine();
  const now = new Date();
  const { id } = await db
    .insertInto("script_sets")
    .values({ machine_id: system_id, type: "testing", requested_by: "anna", created_at: now, closed_at: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  const spec = {
    hardware_type: "cpu" as const,
    parallel: "any" as const,
    timeout: 60,
    packages: { apt: [], snap: [], url: [] },
    may_reboot: false,
    recommission: false,
    apply_configured_networking: false,
    results: null,
    parameters: {},
    size: 10,
  };
  for (const status of ["passed", "failed"] as const) {
    const result = await db
      .insertInto("script_results")
      .values({
        set_id: id,
        machine_id: system_id,
        name: fresh("check"),
        status,
        spec: json(spec),
        results: json({ speed: 5 }),
        exit_status: status === "passed" ? 0 : 1,
        runtime: 61,
        started_at: now,
        ended_at: now,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    const piece = { result_id: result.id, size: 4 };
    await db
      .insertInto("script_output")
      .values([
        { ...piece, stream: "out", position: 0, combined: 0, data: Buffer.from("out\n") },
        { ...piece, stream: "err", position: 0, combined: 4, data: Buffer.from("err\n") },
      ])
      .execute();
  }
  return { path: { system_id, id } };
}

/** An image that is being uploaded: its number, that of the upload, and what has to come. */
async function upload({ make, fresh }: World, content = fresh("content")) {
  const made = await make<{ id: number; sets: Record<string, { files: Record<string, { upload_uri: string }> }> }>(
    "POST",
    "boot-resources/",
    {
      form: {
        name: fresh("custom/image"),
        architecture: "amd64/generic",
        sha256: sha(content),
        size: String(Buffer.byteLength(content)),
        filetype: "tgz",
        title: "Mine",
      },
    },
  );
  const [set] = Object.values(made.sets);
  const [one] = Object.values(set?.files ?? {});
  const id = Number(/upload\/(\d+)\//.exec(one?.upload_uri ?? "")?.[1]);
  return { resource_id: made.id, id, content };
}

/** One request that succeeds for each operation on what is stored. */
export const storedExamples: Examples = {
  "POST maas/ set_config": () => ({ form: { name: "maas_name", value: "east" } }),
  "GET maas/ get_config": () => ({ query: { name: "ntp_server" }, as: "user" }),
  "GET events/ query": async ({ db, machineId }) => {
    await db
      .insertInto("events")
      .values({ type: "machine.status", message: "host: ready → deploying", machine_id: machineId, actor: "region" })
      .execute();
    return { query: { id: machineId, level: "DEBUG", limit: "5" }, as: "user" };
  },

  "GET scripts/": async (world) => {
    await script(world);
    return { query: { type: "test", include_script: "1" }, as: "user" };
  },
  "POST scripts/": ({ fresh }) => {
    const name = fresh("made");
    const form = { name, type: "commissioning", timeout: "0:05:00", parallel: "1", packages: '{"apt": ["jq"]}' };
    return { form, files: [{ field: "script", filename: name, data: "#!/bin/sh\ntrue\n" }] };
  },
  "GET scripts/{name}": async (world) => ({ ...(await script(world)), query: { include_script: "x" }, as: "user" }),
  "GET scripts/{name} download": async (world) => ({ ...(await script(world)), as: "user" }),
  "PUT scripts/{name}": async (world) => ({
    ...(await script(world)),
    form: { title: "Other", tags: "c", comment: "second", destructive: "true" },
    files: [{ field: "script", filename: "x", data: testScript("script_type: release", "echo two") }],
  }),
  "POST scripts/{name} revert": async (world) => {
    const example = await script(world);
    const files = [{ field: "script", filename: "x", data: "#!/bin/sh\necho two\n" }];
    await world.make("PUT", `scripts/${example.path?.["name"]}`, { form: {}, files });
    return { ...example, form: { to: "-1" } };
  },
  "POST scripts/{name} add_tag": async (world) => ({ ...(await script(world)), form: { tag: "new" } }),
  "POST scripts/{name} remove_tag": async (world) => ({ ...(await script(world)), form: { tag: "a" } }),
  "DELETE scripts/{name}": script,

  "GET nodes/{system_id}/results/": async (world) => {
    const { path } = await results(world);
    return {
      path: { system_id: path?.["system_id"] ?? "" },
      query: { type: "testing", include_output: "1" },
      as: "user",
    };
  },
  "GET nodes/{system_id}/results/{id}/": async (world) => {
    const { path } = await results(world);
    return { path: { ...path, id: "current-testing" }, query: { hardware_type: "cpu" }, as: "user" };
  },
  "GET nodes/{system_id}/results/{id}/ download": async (world) => ({
    ...(await results(world)),
    query: { output: "all", filetype: "tar.xz" },
    as: "user",
  }),
  "PUT nodes/{system_id}/results/{id}/": async (world) => ({ ...(await results(world)), form: { suppressed: "true" } }),
  "DELETE nodes/{system_id}/results/{id}/": results,
  "GET installation-results/": async (world) => {
    const { path } = await results(world);
    return { query: { system_id: String(path?.["system_id"]), result_type: "2" }, as: "user" };
  },

  "GET files/": async (world) => {
    await file(world);
    return { query: { prefix: "state/" }, as: "user" };
  },
  "POST files/": ({ fresh }) => ({
    form: { filename: fresh("new") },
    files: [{ field: "file", filename: "any", data: "hello" }],
    as: "user",
  }),
  "DELETE files/": async (world) => ({ query: { filename: await file(world) }, as: "user" }),
  "GET files/ get": async (world) => ({ query: { filename: await file(world) }, as: "user" }),
  "GET files/ get_by_key": async (world) => {
    const filename = await file(world);
    const row = await world.db
      .selectFrom("files")
      .select("key")
      .where("filename", "=", filename)
      .executeTakeFirstOrThrow();
    return { query: { key: row.key }, as: "nobody" };
  },
  "GET files/{filename}/": async (world) => ({ path: { filename: await file(world) }, as: "user" }),
  "DELETE files/{filename}/": async (world) => ({ path: { filename: await file(world) }, as: "user" }),

  "GET notifications/": async (world) => {
    await notification(world);
    return { as: "user" };
  },
  "POST notifications/": () => ({
    form: { message: "Update at {time}", context: '{"time": "noon"}', category: "warning", users: "true", ident: "" },
  }),
  "GET notifications/{id}/": async (world) => ({ ...only(await notification(world)), as: "user" }),
  "PUT notifications/{id}/": async (world) => ({
    ...only(await notification(world)),
    form: { message: "All is well", dismissable: "false" },
  }),
  "POST notifications/{id}/ dismiss": async (world) => ({ ...only(await notification(world)), as: "user" }),
  "DELETE notifications/{id}/": async (world) => only(await notification(world)),

  "GET package-repositories/": () => ({ as: "user" }),
  "POST package-repositories/": ({ fresh }) => ({
    form: { name: fresh("ppa"), url: "ppa:owner/name", disabled_pockets: ["updates", "backports"], key: "x" },
  }),
  "GET package-repositories/{id}/": async (world) => ({ ...only(await repository(world)), as: "user" }),
  "PUT package-repositories/{id}/": async (world) => ({
    ...only(await repository(world)),
    form: { enabled: "false", components: ["main", "extra"] },
  }),
  "DELETE package-repositories/{id}/": async (world) => only(await repository(world)),

  "GET license-keys/": async (world) => {
    await licenseKey(world);
    return {};
  },
  "POST license-keys/": ({ fresh }) => ({
    form: { osystem: "windows", distro_series: fresh("win"), license_key: "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE" },
  }),
  "GET license-key/{osystem}/{distro_series}": licenseKey,
  "PUT license-key/{osystem}/{distro_series}": async (world) => ({
    ...(await licenseKey(world)),
    form: { license_key: "11111-22222-33333-44444-55555" },
  }),
  "DELETE license-key/{osystem}/{distro_series}": licenseKey,

  "GET boot-sources/": async (world) => {
    await source(world);
    return {};
  },
  "POST boot-sources/": ({ fresh }) => ({
    form: { url: `https://images.example/${fresh()}/streams/v1/index.sjson`, priority: "5" },
    files: [{ field: "keyring_data", filename: "k.gpg", data: Buffer.from([1, 2, 255]) }],
  }),
  "GET boot-sources/{id}/": async (world) => only(await source(world)),
  "PUT boot-sources/{id}/": async (world) => ({
    ...only(await source(world)),
    form: { enabled: "false", name: "Mine" },
  }),
  "DELETE boot-sources/{id}/": async (world) => only(await source(world)),
  "GET boot-sources/{boot_source_id}/selections/": async (world) => {
    const { path } = await selection(world);
    return { path: { boot_source_id: path?.["boot_source_id"] ?? 0 } };
  },
  "POST boot-sources/{boot_source_id}/selections/": async (world) => ({
    path: { boot_source_id: await source(world) },
    form: { os: "ubuntu", release: "noble", labels: ["stable"] },
  }),
  "GET boot-sources/{boot_source_id}/selections/{id}/": selection,
  "PUT boot-sources/{boot_source_id}/selections/{id}/": async (world) => ({
    ...(await selection(world)),
    form: { subarches: ["ga-24.04", "hwe-24.04"] },
  }),
  "DELETE boot-sources/{boot_source_id}/selections/{id}/": selection,

  "GET boot-resources/": async (world) => {
    await upload(world);
    return { query: { type: "uploaded" }, as: "user" };
  },
  "POST boot-resources/": ({ fresh }) => {
    const content = fresh("root file system");
    const form = { name: fresh("mine"), architecture: "arm64/generic", sha256: sha(content), filetype: "squashfs" };
    return {
      form: { ...form, size: String(content.length), base_image: "ubuntu/noble" },
      files: [{ field: "content", filename: "x", data: content }],
    };
  },
  "POST boot-resources/ import": () => ({}),
  "POST boot-resources/ stop_import": () => ({}),
  "GET boot-resources/ is_importing": () => ({ as: "user" }),
  "GET boot-resources/{id}/": async (world) => ({ ...only((await upload(world)).resource_id), as: "user" }),
  "PUT boot-resources/{resource_id}/upload/{id}/": async (world) => {
    const { resource_id, id, content } = await upload(world);
    const body = { type: "application/octet-stream", data: content };
    // Any bytes are a piece of the file; the hash tells at the end.
    return { path: { resource_id, id }, body, lenient: ["(body)"] };
  },
  "DELETE boot-resources/{id}/": async (world) => only((await upload(world)).resource_id),

  "GET oidc-providers/": async (world) => {
    await provider(world);
    return {};
  },
  "GET oidc-providers/ get_active": async (world) => {
    await provider(world);
    return {};
  },
  "POST oidc-providers/": ({ fresh }) => ({ form: oidc(fresh("login")) }),
  "GET oidc-providers/{id}/": async (world) => only(await provider(world)),
  "PUT oidc-providers/{id}/": async (world) => ({
    ...only(await provider(world)),
    form: { vendor: "Keycloak", client_secret: "********", enabled: "false" },
  }),
  "DELETE oidc-providers/{id}/": async (world) => only(await provider(world)),

  "GET images-sync-progress/": async (world) => {
    const { id } = await upload(world);
    await world.make("POST", "images-sync-progress/", { form: { system_id: "abc123", ids: String(id), size: "4" } });
    return {};
  },
  "POST images-sync-progress/": async (world) => ({
    form: { system_id: "abc123", ids: String((await upload(world)).id), size: "4" },
  }),
  "GET images-sync-progress/{file_id}/{system_id}/": async (world) => ({
    path: { file_id: (await upload(world)).id, system_id: "abc123" },
  }),
  "PUT images-sync-progress/{file_id}/{system_id}/": async (world) => ({
    path: { file_id: (await upload(world)).id, system_id: "abc123" },
    form: { size: "2" },
  }),
  // There are no agents that could have a configuration, and MAAS itself answers the other one with 501.
  "GET agents/{system_id}/services/{service_name}/config/": () => ({
    path: { system_id: "abc123", service_name: "x" },
    status: 404,
  }),
  "POST agents/{system_id}/services/{service_name}/config/": () => ({
    path: { system_id: "abc123", service_name: "x" },
    status: 501,
    as: "user",
  }),
};

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createToken } from "../users/tokens.ts";
import { createUser } from "../users/users.ts";
import { type TestApi, testApi } from "./testing.ts";

let api: TestApi;
let local = true;
let key: string;
before(async () => {
  api = await testApi({ local: () => local });
  const { db } = api.database;
  const by = { actor: "test", now: new Date() };
  await createUser(db, { username: "ben", password: "correct horse 1", administrator: false }, by);
  const { id } = await db.selectFrom("users").select("id").where("username", "=", "ben").executeTakeFirstOrThrow();
  ({ key } = await createToken(db, { id, username: "ben" }, "test", by));
});
after(() => api.close());

type Body = Record<string, unknown> & { id?: number; next?: string | null; failures?: { field: string }[] };
async function ask(
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  payload?: object,
  as: "root" | "ben" = "root",
) {
  local = as === "root";
  const headers = local ? {} : { authorization: `Bearer ${key}` };
  const answer = await api.app.inject({ method, url: `/api/v1/${path}`, headers, ...(payload && { payload }) });
  const body = answer.body === "" ? {} : answer.json<Body>();
  return { status: answer.statusCode, body, field: body.failures?.[0]?.field };
}

/** What a noun takes, a change of it, what it refuses by the name of the field, and whether users may read it. */
const nouns = [
  {
    path: "notifications",
    make: (n: number) => ({ message: `{n} of ${n}`, context: { n }, users: true, ident: `number ${n}` }),
    change: { category: "error", dismissable: false },
    refused: [
      [{ message: "" }, "message"],
      [{ message: "{a}" }, "message"],
      [{ message: "a", user: "nobody" }, "user"],
      [{ message: "a", category: "loud" }, "category"],
      [{ message: "a", more: 1 }, "more"],
    ],
    readable: true,
  },
  {
    path: "package-repositories",
    make: (n: number) => ({ name: `mirror ${n}`, url: `http://mirror.example/${n}` }),
    change: { arches: ["arm64"], disabled_pockets: ["updates"], enabled: false },
    refused: [
      [{ name: "x" }, "url"],
      [{ name: "x", url: "file:///etc" }, "url"],
      [{ name: "x", url: "ppa:one" }, "url"],
      [{ name: "x", url: "http://a", arches: ["vax"] }, "arches.0"],
      [{ name: "x", url: "http://a", disabled_pockets: ["none"] }, "disabled_pockets.0"],
    ],
    readable: true,
  },
  {
    path: "boot-sources",
    make: (n: number) => ({ url: `http://images.example/${n}`, keyring_filename: "/usr/share/keyrings/a.gpg" }),
    change: { priority: 7, keyring_data: "AQL/" },
    refused: [
      [{ url: "http://a" }, "keyring_filename"],
      [{ url: "ftp://a", skip_keyring_verification: true }, "url"],
      [{ url: "http://a", keyring_filename: "/a", keyring_data: "AQL/" }, "keyring_data"],
      [{ url: "http://a", keyring_filename: "a" }, "keyring_filename"],
      [{ url: "http://a", keyring_data: "!" }, "keyring_data"],
    ],
    readable: false,
  },
] as const;

for (const { path, make, change, refused, readable } of nouns)
  test(`${path} are made, paged, changed and deleted`, async () => {
    const made: number[] = [];
    for (const n of [1, 2, 3]) {
      const { status, body } = await ask("POST", path, make(n));
      assert.equal(status, 201, JSON.stringify(body));
      made.push(body.id ?? 0);
    }
    const [first = 0, second = 0] = made;
    const seen: unknown[] = [];
    for (let cursor = ""; ;) {
      const { body } = await ask("GET", `${path}?limit=2${cursor}`);
      seen.push(...(body["items"] as Body[]).map(({ id }) => id));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    assert.deepEqual(seen.slice(-3), made);
    const changed = await ask("PATCH", `${path}/${second}`, change);
    assert.equal(changed.status, 200);
    for (const [name, value] of Object.entries(change)) assert.deepEqual(changed.body[name], value, name);
    assert.deepEqual((await ask("GET", `${path}/${second}`)).body, changed.body);
    const again = await ask("POST", path, make(1));
    assert.ok([400, 409].includes(again.status), "its name is taken");
    for (const [body, field] of refused) {
      const answer = await ask("POST", path, body);
      assert.deepEqual([answer.status, answer.field], [400, field], JSON.stringify(answer.body));
    }
    for (const id of ["0", "-1", "0x1", "1e1", "99999999999999999999"])
      assert.equal((await ask("GET", `${path}/${id}`)).status, 400, id);
    assert.equal((await ask("GET", path, undefined, "ben")).status, readable ? 200 : 403);
    assert.equal((await ask("GET", `${path}/${first}`, undefined, "ben")).status, readable ? 200 : 403);
    assert.equal((await ask("DELETE", `${path}/${first}`, undefined, "ben")).status, 403);
    assert.equal((await ask("DELETE", `${path}/${first}`)).status, 204);
    assert.equal((await ask("DELETE", `${path}/${first}`)).status, 404);
    assert.equal((await ask("GET", `${path}/${first}`)).status, 404);
  });

test("Ubuntu's own archives keep their names and stay", async () => {
  const { body } = await ask("GET", "package-repositories?limit=1");
  const [archive] = body["items"] as Body[];
  assert.deepEqual([archive?.["name"], archive?.["builtin"]], ["main_archive", true]);
  const url = `package-repositories/${archive?.id}`;
  assert.equal((await ask("DELETE", url)).status, 409);
  assert.equal((await ask("PATCH", url, { name: "other" })).field, "name");
  assert.equal((await ask("PATCH", url, { name: "main_archive", enabled: false })).status, 200);
});

test("a keyring of one kind takes the place of one of the other", async () => {
  const made = await ask("POST", "boot-sources", { url: "http://ring.example", keyring_data: "AQL/" });
  const url = `boot-sources/${made.body.id}`;
  const file = await ask("PATCH", url, { keyring_filename: "/k.gpg" });
  assert.deepEqual([file.body["keyring_filename"], file.body["keyring_data"]], ["/k.gpg", ""]);
  const data = await ask("PATCH", url, { keyring_data: "AQID" });
  assert.deepEqual([data.body["keyring_filename"], data.body["keyring_data"]], ["", "AQID"]);
  assert.equal((await ask("PATCH", url, { keyring_data: "" })).status, 400, "nothing left to trust by");
  const selection = { os: "ubuntu", release: "noble", arches: ["amd64"] };
  const one = await ask("POST", `${url}/selections`, selection);
  assert.deepEqual(one.body["labels"], ["*"]);
  assert.equal((await ask("POST", `${url}/selections`, selection)).field, "release");
  assert.equal((await ask("POST", `${url}/selections`, { ...selection, arches: [] })).field, "arches");
  assert.equal((await ask("GET", `boot-sources/${(made.body.id ?? 0) + 1}/selections/${one.body.id}`)).status, 404);
  assert.equal((await ask("DELETE", url)).status, 204);
  const left = await api.database.db.selectFrom("boot_source_selections").select("id").execute();
  assert.deepEqual(left, []);
});

test("a license key is an administrator's, and not in the events", async () => {
  const license_key = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE";
  const made = await ask("POST", "license-keys", { osystem: "windows", distro_series: "win2022", license_key });
  assert.equal(made.status, 201);
  for (const [body, field] of [
    [{ osystem: "debian", distro_series: "12", license_key }, "osystem"],
    [{ osystem: "windows", distro_series: "a/b", license_key }, "distro_series"],
    [{ osystem: "windows", distro_series: "win", license_key: "AAAAA" }, "license_key"],
  ] as const)
    assert.equal((await ask("POST", "license-keys", body)).field, field);
  assert.equal((await ask("GET", "license-keys", undefined, "ben")).status, 403);
  assert.equal((await ask("GET", "license-keys/windows/win2022", undefined, "ben")).status, 403);
  assert.equal((await ask("GET", "license-keys/windows/win2022")).body["license_key"], license_key);
  const listed = (await ask("GET", "license-keys?filter=distro_series:win2022&sort=-osystem")).body["items"];
  assert.deepEqual(listed, [{ osystem: "windows", distro_series: "win2022", license_key }]);
  assert.equal((await ask("GET", "license-keys?filter=license_key:*")).field, "filter");
  const events = await api.database.db.selectFrom("events").select(["message", "data"]).execute();
  assert.doesNotMatch(JSON.stringify(events), /AAAAA/);
});

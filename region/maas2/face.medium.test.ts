import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Sent = { method?: string; headers?: Record<string, string>; payload?: string | Buffer };
const send = async (url: string, { method = "GET", headers = {}, payload }: Sent = {}) => {
  const answer = await world.app.inject({
    method: method as "GET",
    url,
    headers,
    ...(payload !== undefined && { payload }),
  });
  return {
    status: answer.statusCode,
    type: answer.headers["content-type"],
    text: answer.body,
    headers: answer.headers,
  };
};
const api = "/MAAS/api/2.0";
const keyOf = (who: "admin" | "user") => world.people[who].key.split(":") as [string, string, string];

/** How clients write the header (the separator, the realm, the quoting and the encoding differ). */
const dialects: Record<string, (consumer: string, token: string, secret: string) => string> = {
  "gomaasapi and gomaasclient": (consumer, token, secret) =>
    `OAuth realm="MAAS+API", oauth_consumer_key="${consumer}", oauth_token="${token}", oauth_signature_method="PLAINTEXT", oauth_signature="%26${secret}", oauth_timestamp="1700000000", oauth_nonce="1234", oauth_version="1.0"`,
  "the maas command line": (consumer, token, secret) =>
    `OAuth oauth_nonce="112", oauth_timestamp="1700000000", oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer}", oauth_token="${token}", oauth_signature="%26${secret}"`,
  "python-libmaas": (consumer, token, secret) =>
    `OAuth realm="OAuth", oauth_nonce="112", oauth_timestamp="1700000000", oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer}", oauth_token="${token}", oauth_signature="%26${secret}"`,
  "the Ansible collection": (consumer, token, secret) =>
    `OAuth oauth_version=1.0, oauth_signature_method=PLAINTEXT, oauth_consumer_key=${consumer}, oauth_token=${token}, oauth_signature=%26${secret}, oauth_nonce=9-8-7, oauth_timestamp=1700000000`,
  "requests-oauthlib": (consumer, token, secret) =>
    `OAuth oauth_nonce="1",oauth_timestamp="1700000000",oauth_version="1.0",oauth_signature_method="PLAINTEXT",oauth_consumer_key="${consumer}",oauth_token="${token}",oauth_signature="&${secret}"`,
  "another case, single quotes": (consumer, token, secret) =>
    `oauth oauth_nonce='1', oauth_timestamp='1700000000', oauth_signature_method='plaintext', oauth_consumer_key='${consumer}', oauth_token='${token}', oauth_signature='%26${secret}'`,
};

describe("who asks", () => {
  for (const [client, write] of Object.entries(dialects))
    test(`is known by the header of ${client}`, async () => {
      const authorization = write(...keyOf("user"));
      const { status, text } = await send(`${api}/users/?op=whoami`, { headers: { authorization } });
      assert.deepEqual([status, JSON.parse(text).username], [200, world.people.user.username]);
    });

  test("is known by OAuth parameters in the query and in a form", async () => {
    const [consumer, token, secret] = keyOf("admin");
    const fields = new URLSearchParams({
      oauth_consumer_key: consumer,
      oauth_token: token,
      oauth_signature: `&${secret}`,
      oauth_signature_method: "PLAINTEXT",
      oauth_timestamp: "1700000000",
      oauth_nonce: "1",
    });
    assert.equal((await send(`${api}/users/?op=whoami&${fields.toString()}`)).status, 200);
    fields.set("name", world.fresh("zone"));
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const made = await send(`${api}/zones/`, { method: "POST", headers, payload: fields.toString() });
    assert.equal(made.status, 200, made.text);
    fields.set("oauth_signature", "&wrong");
    const refused = await send(`${api}/zones/`, { method: "POST", headers, payload: fields.toString() });
    assert.equal(refused.status, 401);
  });

  test("is known by a bearer key, too", async () => {
    const authorization = `Bearer ${world.people.user.key}`;
    assert.equal((await send(`${api}/users/?op=whoami`, { headers: { authorization } })).status, 200);
  });

  test("is nobody with a wrong key, without one, and with half of one", async () => {
    const [consumer, token, secret] = keyOf("user");
    const write = dialects["the maas command line"] ?? String;
    const ask = async (authorization: string) => send(`${api}/users/?op=whoami`, { headers: { authorization } });
    for (const [header, wanted] of [
      [write(consumer, token, "x".repeat(32)), "Authorization Error: Invalid API key."],
      [write(consumer, "other", secret), "Authorization Error: Invalid API key."],
      [write("other", token, secret), "Authorization Error: Invalid API key."],
      [write(consumer, token, secret).replace("%26", ""), "Authorization Error: Invalid API key."],
      [write(consumer, token, secret).replace("%26", "x%26"), "Authorization Error: Invalid API key."],
    ] as const) {
      const { status, type, text } = await ask(header);
      assert.deepEqual([status, type, text], [401, "text/plain; charset=utf-8", wanted]);
    }
    for (const missing of ["oauth_nonce", "oauth_timestamp", "oauth_token", "oauth_signature_method"])
      assert.equal((await ask(write(consumer, token, secret).replace(missing, "x"))).status, 401, missing);
    assert.equal((await ask("OAuth")).status, 401);
    assert.equal((await ask(write(consumer, token, secret).replace("1700000000", "yesterday"))).status, 400);
    const stranger = await send(`${api}/users/?op=whoami`);
    assert.deepEqual([stranger.status, stranger.type], [401, "text/plain; charset=utf-8"]);
    // The command line and libmaas probe for macaroons so, and want to be told no by 401.
    const probe = await send(`${api}/account/?op=create_authorisation_token`, { method: "POST" });
    assert.equal(probe.status, 401);
    // Where everybody is answered alike, a wrong key is no reason not to.
    assert.equal((await send(`${api}/version/`, { headers: { authorization: write("a", "b", "c") } })).status, 200);
  });

  test("is nobody with any other header", async () => {
    const [consumer, token, secret] = keyOf("user");
    const sound = (dialects["the maas command line"] ?? String)(consumer, token, secret);
    const spoilt = fc
      .tuple(fc.nat(sound.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, put]) => sound.slice(0, at) + put + sound.slice(at + 1));
    const header = fc
      .oneof(
        spoilt,
        fc.string().map((text) => `OAuth ${text}`),
        fc.string(),
      )
      .map((text) => text.replaceAll(/[^\x20-\x7e]/g, "?"));
    await fc.assert(
      fc.asyncProperty(header, async (authorization) => {
        const { status, text } = await send(`${api}/users/?op=whoami`, { headers: { authorization } });
        assert.ok([200, 400, 401].includes(status), `${status} ${text}`);
        // A change of what does not matter (nonce, blanks) leaves the key as it was.
        if (status === 200) assert.ok(authorization.includes(token) && authorization.includes(secret));
      }),
      { numRuns: 150 },
    );
    assert.deepEqual(world.api.defects, []);
  });
});

describe("a session", () => {
  const logIn = async () => {
    const { username, password } = world.people.admin;
    const payload = new URLSearchParams({ username, password }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await send("/MAAS/accounts/login/", { method: "POST", headers, payload });
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    const cookies = [answer.headers["set-cookie"]].flat().map((cookie) => String(cookie).split(";")[0] ?? "");
    const csrf = cookies.find((cookie) => cookie.startsWith("csrftoken="))?.slice("csrftoken=".length) ?? "";
    return { cookie: cookies.join("; "), csrf };
  };

  test("may read, and change with its token in a header or in the form", async () => {
    const { cookie, csrf } = await logIn();
    assert.equal((await send(`${api}/users/?op=whoami`, { headers: { cookie } })).status, 200);
    const form = { cookie, "content-type": "application/x-www-form-urlencoded" };
    const create = (headers: Record<string, string>, more = "") =>
      send(`${api}/zones/`, {
        method: "POST",
        headers: { ...form, ...headers },
        payload: `name=${world.fresh("z")}${more}`,
      });
    assert.equal((await create({})).status, 403);
    assert.equal((await create({ "x-csrftoken": "wrong" })).status, 403);
    assert.equal((await create({ "x-csrftoken": csrf })).status, 200);
    assert.equal((await create({}, `&csrfmiddlewaretoken=${csrf}`)).status, 200);
    const known = await send("/MAAS/accounts/login/", { headers: { cookie } });
    assert.deepEqual(JSON.parse(known.text), { authenticated: true, external_auth_url: null, no_users: false });
    const out = { method: "POST", headers: { cookie, "x-csrftoken": csrf } };
    assert.equal((await send("/MAAS/accounts/logout/", { method: "POST", headers: { cookie } })).status, 403);
    assert.equal((await send("/MAAS/accounts/logout/", out)).status, 204);
    assert.equal((await send("/MAAS/accounts/logout/", out)).status, 401);
    assert.equal((await send(`${api}/users/?op=whoami`, { headers: { cookie } })).status, 401);
  });

  test("is not begun with a wrong password", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const refused = await send("/MAAS/accounts/login/", {
      method: "POST",
      headers,
      payload: "username=ada&password=no",
    });
    assert.equal(refused.status, 400);
    assert.deepEqual(Object.keys(JSON.parse(refused.text)), ["__all__"]);
    const empty = await send("/MAAS/accounts/login/", { method: "POST", headers, payload: "" });
    assert.deepEqual(JSON.parse(empty.text), {
      username: ["This field is required."],
      password: ["This field is required."],
    });
    for (const username of ["two words", "a".repeat(151), "ada)(uid=*", ""]) {
      const payload = new URLSearchParams({ username, password: "no" }).toString();
      const told = await send("/MAAS/accounts/login/", { method: "POST", headers, payload });
      assert.deepEqual([told.status, Object.keys(JSON.parse(told.text))], [400, ["username"]], username);
    }
    assert.equal((await send("/MAAS/accounts/login/", { method: "PUT" })).status, 405);
  });
});

describe("a key for a password", () => {
  const authenticate = (fields: Record<string, string>) =>
    send("/MAAS/accounts/authenticate/", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: new URLSearchParams(fields).toString(),
    });
  const { username, password } = { username: "cleo", password: "cleo-password-1" };

  test("is made with the name that was asked for, and works", async () => {
    const { status, text } = await authenticate({ username, password, consumer: "cleo@laptop" });
    assert.equal(status, 200, text);
    const key = JSON.parse(text) as Record<string, string>;
    assert.deepEqual(Object.keys(key).sort(), ["consumer_key", "name", "token_key", "token_secret"]);
    assert.equal(key["name"], "cleo@laptop");
    const write = dialects["python-libmaas"] ?? String;
    const authorization = write(key["consumer_key"] ?? "", key["token_key"] ?? "", key["token_secret"] ?? "");
    const who = await send(`${api}/users/?op=whoami`, { headers: { authorization } });
    assert.equal(JSON.parse(who.text).username, username);
  });

  test("is one of at most ten of a name", async () => {
    for (let round = 0; round < 12; round++) await authenticate({ username, password, consumer: "cron" });
    const listed = await world.make<{ name: string; token: string }[]>("GET", "account/", {
      op: "list_authorisation_tokens",
      as: "other",
    });
    assert.equal(listed.filter(({ name }) => name === "cron").length, 10);
    for (const { token } of listed) assert.match(token, /^\w{18}:\w{18}:\*{8}$/);
  });

  test("is not made for a wrong one, nor by another method", async () => {
    assert.equal((await authenticate({ username, password: "wrong" })).status, 403);
    assert.equal((await authenticate({ username: "nobody", password })).status, 403);
    assert.equal((await send("/MAAS/accounts/authenticate/")).status, 405);
  });

  test("is not tried without end from one address", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const statuses = new Set<number>();
    for (let round = 0; round < 60 && !statuses.has(429); round++) {
      const ask = { method: "POST", headers, payload: "username=nobody-there&password=x" };
      statuses.add((await send("/MAAS/accounts/authenticate/", ask)).status);
    }
    assert.deepEqual([...statuses], [403, 429]);
  });
});

describe("a request", () => {
  const ask = async (...args: Parameters<typeof world.ask>) => world.ask(...args);

  test("to nowhere is told so in text", async () => {
    for (const path of ["pool/", "", "machines/x/y/z/"]) {
      const { status, type, text } = await ask("GET", path);
      assert.deepEqual(
        [status, type, text],
        [404, "text/plain; charset=utf-8", `Unknown API endpoint: /MAAS/api/2.0/${path}.`],
      );
    }
  });

  test("with another op or method than there is has no signature", async () => {
    const told = async (method: string, path: string, op?: string) => {
      const { status, text } = await ask(method, path, { op: op ?? null });
      return [status, text];
    };
    assert.deepEqual(await told("POST", "zones/", "fly"), [400, "Unrecognised signature: method=POST op=fly"]);
    assert.deepEqual(await told("DELETE", "zones/"), [400, "Unrecognised signature: method=DELETE op=None"]);
    assert.deepEqual(await told("GET", "account/"), [400, "Unrecognised signature: method=GET op=None"]);
    assert.deepEqual(await told("PATCH", "zones/default/"), [400, "Unrecognised signature: method=PATCH op=None"]);
  });

  test("says its op in the query, in the form or in the path, or says none", async () => {
    const name = world.fresh("tag");
    await world.make("POST", "tags/", { form: { name } });
    const add = { add: world.machineId };
    for (const [path, asked] of [
      [`tags/${name}/`, { op: "update_nodes", form: add }],
      [`tags/${name}/`, { form: { ...add, op: "update_nodes" } }],
      [`tags/${name}/op-update_nodes`, { form: add }],
      [`tags/${name}/op-update_nodes/`, { form: add }],
      [`//tags//${name}`, { op: "update_nodes", form: add }],
    ] as const) {
      const answer = await ask("POST", path.startsWith("//") ? `${api}${path}` : path, asked);
      assert.deepEqual(answer.json(), { added: 1, removed: 0 }, path);
    }
    assert.equal((await ask("POST", "zones/", { op: "", form: { name: world.fresh("z") } })).status, 200);
  });

  test("may have a body that its method does not need", async () => {
    const name = world.fresh("zone");
    await world.make("POST", "zones/", { form: { name } });
    const body = { type: "multipart/form-data; boundary=b", data: "--b--\r\n" };
    const deleted = await ask("DELETE", `zones/${name}/`, { body });
    assert.deepEqual([deleted.status, deleted.text, deleted.type], [204, "", "text/plain; charset=utf-8"]);
  });

  test("may be JSON", async () => {
    const name = world.fresh("tag");
    const body = { type: "application/json", data: JSON.stringify({ name, comment: "x" }) };
    assert.equal((await ask("POST", "tags/", { body })).json<{ comment: string }>().comment, "x");
    const lists = { type: "application/json", data: JSON.stringify({ add: [world.machineId] }) };
    const added = await ask("POST", `tags/${name}/`, { op: "update_nodes", body: lists });
    assert.deepEqual(added.json(), { added: 1, removed: 0 });
  });

  test("with fields that are wrong or missing is told by field", async () => {
    const { status, type, text } = await ask("POST", "users/", {
      form: { username: "a b", email: "x", password: "long-enough", is_superuser: "1" },
    });
    assert.deepEqual([status, type], [400, "application/json; charset=utf-8"]);
    assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ["email", "username"]);
    assert.deepEqual((await ask("POST", "users/", { form: { username: "x", is_superuser: "maybe" } })).json(), {
      email: ["This field is required."],
      is_superuser: ["must be true or false"],
      password: ["This field is required."],
    });
    const token = await ask("POST", "account/", { op: "update_token_name" });
    assert.deepEqual([token.status, token.text], [400, "No provided token!"]);
    const other = await ask("POST", "account/", { op: "update_token_name", form: { token: "x", name: "y" } });
    assert.match(other.text, /^Invalid token: /);
  });

  test("whose body is no body is refused", async () => {
    for (const [type, data] of [
      ["application/json", "{"],
      ["multipart/form-data; boundary=b", "--b\r\n"],
      ["application/x-www-form-urlencoded", "a&".repeat(100_000)],
    ] as const)
      assert.equal((await ask("POST", "zones/", { body: { type, data } })).status, 400, type);
    const large = { type: "application/x-www-form-urlencoded", data: `name=${"x".repeat(1_100_000)}` };
    assert.equal((await ask("POST", "zones/", { body: large })).status, 413);
    const nul = await ask("POST", "zones/", { form: { name: "a\0b" } });
    assert.deepEqual([nul.status, nul.json()], [400, { name: ["Null characters are not allowed."] }]);
    const half = { type: "application/json", data: '{"name": "\\ud800"}' };
    assert.equal((await ask("POST", "zones/", { body: half })).status, 400);
  });

  test("beside the API is answered as MAAS does", async () => {
    const version = await send("/MAAS/api/version/");
    assert.deepEqual([version.status, version.type, version.text], [200, "text/plain", "2.0"]);
    for (const path of ["/MAAS/api/1.0/", "/MAAS/api/1.0/nodes/?op=list"])
      for (const method of ["GET", "POST"]) assert.equal((await send(path, { method })).status, 410);
  });
});

describe("what clients learn first", () => {
  test("the version, as Juju and libmaas want it", async () => {
    const answer = await world.ask("GET", "version/", { as: "nobody" });
    const { version, subversion, capabilities } = answer.json<Record<string, unknown>>();
    assert.match(String(version), /^\d+\.\d+\.\d+$/);
    assert.equal(typeof subversion, "string");
    for (const wanted of ["network-deployment-ubuntu", "authenticate-api"])
      assert.ok((capabilities as string[]).includes(wanted));
  });

  test("the description, by its exact content type, with addresses as the client reached it", async () => {
    const answer = await send(`${api}/describe/`, { headers: { host: "region.example:8080" } });
    assert.deepEqual([answer.status, answer.type], [200, "application/json"]);
    const { hash, resources } = JSON.parse(answer.text) as {
      hash: string;
      resources: { name: string; auth: { uri: string } | null }[];
    };
    const zone = resources.find(({ name }) => name === "ZoneHandler");
    assert.equal(zone?.auth?.uri, "http://region.example:8080/MAAS/api/2.0/zones/{name}/");
    for (const path of ["version/", "nowhere/", "users/"])
      assert.equal((await send(`${api}/${path}`)).headers["x-maas-api-hash"], hash);
    const evil = await send(`${api}/describe/`, { headers: { host: 'evil"><script>' } });
    assert.doesNotMatch(evil.text, /evil/);
  });
});

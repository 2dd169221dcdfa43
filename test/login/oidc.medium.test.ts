import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { type Server, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { noLog, type Region, startRegion } from "@rackwright/region";
import OpenidProvider from "oidc-provider";
import { Browser } from "./browser.ts";

// A whole region with TLS, and a provider of OpenID Connect that knows nothing of it.

let folder: string;
let region: Region;
let provider: Server;
let issuer: string;
let site: string;
let ca: string;
/** What the provider says of its people. */
const people: Record<string, Record<string, unknown>> = {
  "1001": { preferred_username: "anna", name: "Anna Arendt", email: "anna@example.org", groups: ["racks", "admins"] },
  "1002": { preferred_username: "bert", name: "Bert Brecht", email: "bert@example.org", groups: ["racks"] },
  "1003": { preferred_username: "no name / of a user", groups: [] },
  "1004": { preferred_username: "carl", groups: [] },
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "rackwright-login-"));
  // PostgreSQL runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const state = join(folder, "region");
  const images = join(folder, "images");
  region = await startRegion({
    state,
    images,
    port: 0,
    listen: "127.0.0.1",
    agent: join(folder, "none"),
    log: noLog,
    tls: "own",
  });
  site = `https://localhost:${region.port}`;
  ca = await readFile(join(state, "tls.crt"), "utf8");
  // The provider must know its own address before it is asked.
  provider = createServer().listen(0, "127.0.0.1");
  await once(provider, "listening");
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const known = new OpenidProvider(issuer, {
    clients: [
      {
        client_id: "rackwright",
        client_secret: "a secret of the client",
        redirect_uris: [`${site}/api/v1/login/oidc/site/callback`],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    scopes: ["openid", "profile", "email", "groups"],
    claims: { openid: ["sub"], profile: ["preferred_username", "name"], email: ["email"], groups: ["groups"] },
    cookies: { keys: ["for this test only"] },
    pkce: { required: () => true },
    findAccount: async (_context, id) => {
      const claims = people[id];
      return claims && { accountId: id, claims: async () => ({ sub: id, ...claims }) };
    },
  });
  provider.on("request", known.callback());
  await ask("POST", "/groups", { name: "hands", grants: [{ role: "operator", pool: null }] });
  const made = await ask("POST", "/oidc-providers", {
    name: "site",
    title: "Site",
    issuer,
    client_id: "rackwright",
    client_secret: "a secret of the client",
    scopes: "openid profile email groups",
    groups_claim: "groups",
    group_map: { racks: "hands" },
    administrator_groups: ["admins"],
  });
  assert.equal(made.status, 201, made.body);
  assert.doesNotMatch(made.body, /a secret of the client/);
});
after(async () => {
  provider.closeAllConnections();
  provider.close();
  await region.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Asks as the administrator of this host. */
async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: string }> {
  const sent = request({
    socketPath: region.adminSocket,
    path: `/api/v1${path}`,
    method,
    ...(body && { headers: { "content-type": "application/json" } }),
  });
  sent.end(body && JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** Logs in at the provider as one of its people and stops where it sends the browser back to us. */
async function atProvider(browser: Browser, id: string, returnTo = "/"): Promise<string> {
  const login = await browser.go(`${site}/api/v1/login/oidc/site?return_to=${encodeURIComponent(returnTo)}`);
  assert.equal(login.status, 200, login.body);
  const consent = await browser.submit(login, { login: id, password: "whatever" });
  const back = await browser.submit(consent, {}, /login\/oidc\/site\/callback/);
  assert.match(back.url, /callback\?/, back.body);
  return back.url;
}

test("the ways to log in are told to strangers, without anything else of the provider", async () => {
  const { body } = await new Browser(ca).ask(`${site}/api/v1/login`);
  assert.deepEqual(JSON.parse(body), {
    password: true,
    oidc: [{ name: "site", title: "Site", url: "/api/v1/login/oidc/site" }],
  });
});

test("code with PKCE: a session by a cookie that is safe, a user with the provider's groups and rights", async () => {
  const browser = new Browser(ca);
  const callback = await atProvider(browser, "1001", "/machines?filter=pool:near");
  const page = await browser.ask(callback);
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /url=\/machines\?filter=pool:near"/);
  assert.match(browser.cookie("rackwright_session")?.attributes ?? "", /HttpOnly; SameSite=Strict; Secure/);
  assert.match(browser.cookie("rackwright_login")?.attributes ?? "", /HttpOnly; SameSite=Lax/);
  const self = JSON.parse((await browser.ask(`${site}/api/v1/self`)).body) as Record<string, unknown>;
  assert.deepEqual([self["username"], self["administrator"], self["groups"]], ["anna", true, ["hands"]]);
  const user = JSON.parse((await ask("GET", "/users/anna")).body) as Record<string, unknown>;
  assert.deepEqual([user["is_local"], user["email"], user["full_name"]], [false, "anna@example.org", "Anna Arendt"]);
  // The provider's answer is worth something once.
  assert.equal((await browser.ask(callback)).status, 403);
  // Whom the provider calls otherwise from now on is the same user.
  people["1001"] = { ...people["1001"], preferred_username: "anna-arendt", groups: [] };
  const again = new Browser(ca);
  assert.equal((await again.ask(await atProvider(again, "1001"))).status, 200);
  const later = JSON.parse((await again.ask(`${site}/api/v1/self`)).body) as Record<string, unknown>;
  assert.deepEqual([later["username"], later["administrator"], later["groups"]], ["anna", false, []]);
});

test("an answer of another browser, of no log-in, or with another code opens nothing", async () => {
  const [mine, other] = [new Browser(ca), new Browser(ca)];
  const callback = await atProvider(mine, "1002");
  assert.equal((await other.ask(callback)).status, 403);
  const url = new URL(callback);
  url.searchParams.set("state", "guessed");
  assert.equal((await mine.ask(url.href)).status, 403);
  const changed = new URL(callback);
  changed.searchParams.set("code", "another");
  const refused = await mine.ask(changed.href);
  assert.deepEqual([refused.status, (JSON.parse(refused.body) as { code: string }).code], [403, "oidc-failed"]);
  assert.equal(mine.cookie("rackwright_session"), undefined);
  const denied = new Browser(ca);
  await denied.go(`${site}/api/v1/login/oidc/site`);
  const state = denied.cookie("rackwright_login")?.value ?? "";
  const page = await denied.ask(
    `${site}/api/v1/login/oidc/site/callback?error=access_denied&state=${state}&iss=${issuer}`,
  );
  assert.deepEqual([page.status, /access_denied|authorization response/.test(page.body)], [403, true], page.body);
});

test("nobody is sent to another site, nor by a provider that is not there or turned off", async () => {
  const browser = new Browser(ca);
  for (const evil of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
    assert.equal(
      (await browser.ask(`${site}/api/v1/login/oidc/site?return_to=${encodeURIComponent(evil)}`)).status,
      400,
      evil,
    );
  assert.equal((await browser.ask(`${site}/api/v1/login/oidc/other`)).status, 404);
  await ask("PATCH", "/oidc-providers/site", { enabled: false });
  assert.equal((await browser.ask(`${site}/api/v1/login/oidc/site`)).status, 404);
  await ask("PATCH", "/oidc-providers/site", { enabled: true, issuer: "http://127.0.0.1:9" });
  const gone = await browser.ask(`${site}/api/v1/login/oidc/site`);
  assert.deepEqual([gone.status, (JSON.parse(gone.body) as { code: string }).code], [503, "oidc-failed"]);
  const page = await browser.ask(`${site}/api/v1/login/oidc/site`, undefined, { accept: "text/html,*/*;q=0.8" });
  assert.deepEqual([page.status, page.headers["content-type"]], [503, "text/html; charset=utf-8"]);
  assert.match(page.body, /The OpenID Connect provider site cannot be asked[^]*<a href="\/">/);
  await ask("PATCH", "/oidc-providers/site", { issuer });
});

test("a name that no user may have, or that is somebody's here, is refused and said so", async () => {
  const odd = new Browser(ca);
  const page = await odd.ask(await atProvider(odd, "1003"));
  assert.equal(page.status, 403);
  assert.match(page.body, /cannot be the name of a user/);
  await ask("POST", "/users", { username: "carl", password: "long enough" });
  const carl = new Browser(ca);
  assert.match((await carl.ask(await atProvider(carl, "1004"))).body, /There is a user carl here already/);
});

test("the region's secrets are for its owner only, and what is in the clear goes on by TLS", async () => {
  for (const name of ["secrets.key", "tls.key"])
    assert.equal((await stat(join(folder, "region", name))).mode & 0o777, 0o600, name);
  const page = await new Browser(ca).ask(`http://localhost:${region.port}/api/v1/status`);
  assert.deepEqual([page.status, page.headers.location], [308, `${site}/api/v1/status`]);
  const rotated = await ask("POST", "/secrets/rotate");
  assert.equal(rotated.status, 200, rotated.body);
  const browser = new Browser(ca);
  assert.equal((await browser.ask(await atProvider(browser, "1002"))).status, 200);
});

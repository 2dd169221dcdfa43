import { createHash } from "node:crypto";
import { oidcFailed } from "@rackwright/contract";
import * as openid from "openid-client";
import type { Selectable } from "kysely";
import type { Database } from "../database/pool.ts";
import type { OidcProvidersTable } from "../database/tables/users.ts";
import { Denied, NotFound, OutsideDown } from "../errors.ts";
import { enterExternal } from "./external.ts";

type Provider = Selectable<OidcProvidersTable>;

/** Seconds a provider has for an answer. */
const patience = 10;
/** Seconds somebody may take to log in at the provider. */
export const loginSeconds = 600;
const mostGroups = 1000;

const hashOf = (state: string) => createHash("sha256").update(state).digest();

/** The provider's own description (OpenID Connect Discovery 1.0 section 4). @throws OutsideDown */
async function discover(provider: Provider): Promise<openid.Configuration> {
  const { name, issuer, client_id, client_secret } = provider;
  const url = new URL(issuer);
  // Only a provider on this host may speak in the clear, as the contract has it.
  const execute = url.protocol === "http:" ? [openid.allowInsecureRequests] : [];
  try {
    return await openid.discovery(
      url,
      client_id,
      undefined,
      client_secret === null ? openid.None() : openid.ClientSecretPost(client_secret),
      { execute, timeout: patience },
    );
  } catch (error) {
    throw new OutsideDown(`The OpenID Connect provider ${name} cannot be asked: ${wordsOf(error)}`, {
      ...oidcFailed,
      cause: error,
    });
  }
}

/** What the library and whatever caused its error say, without what the provider sent. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`.slice(0, 500);
}

async function readProvider(db: Database, name: string): Promise<Provider> {
  const row = await db
    .selectFrom("oidc_providers")
    .selectAll()
    .where("name", "=", name)
    .where("enabled", "=", true)
    .executeTakeFirst();
  if (!row) throw new NotFound(`There is no OpenID Connect provider ${name} to log in by.`);
  return row;
}

/**
 * Begins a log-in (OpenID Connect Core 1.0 section 3.1, with PKCE of RFC 7636): where to send the browser, and the state
 * its cookie must hold when it comes back.
 *
 * @param origin scheme and host by which the browser reached us
 * @throws NotFound, OutsideDown
 */
export async function beginOidc(
  db: Database,
  name: string,
  { origin, returnTo, now }: { origin: string; returnTo: string; now: Date },
): Promise<{ url: string; state: string }> {
  const provider = await readProvider(db, name);
  const config = await discover(provider);
  const [state, nonce, verifier] = [openid.randomState(), openid.randomNonce(), openid.randomPKCECodeVerifier()];
  const redirect_uri = provider.redirect_uri ?? `${origin}/api/v1/login/oidc/${name}/callback`;
  await db.deleteFrom("oidc_logins").where("expires_at", "<=", now).execute();
  await db
    .insertInto("oidc_logins")
    .values({
      state_hash: hashOf(state),
      provider_id: provider.id,
      nonce,
      verifier,
      redirect_uri,
      return_to: returnTo,
      expires_at: new Date(now.getTime() + loginSeconds * 1000),
    })
    .execute();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: provider.scopes,
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  return { url: url.href, state };
}

/**
 * Ends a log-in with what the provider sent the browser back with, once: who it is, and where he wanted to go.
 *
 * @param cookie the state this browser was given; another browser's answer is worth nothing
 * @param query the query the provider sent, without the question mark
 * @throws NotFound, Denied, OutsideDown
 */
export async function endOidc(
  db: Database,
  name: string,
  { query, cookie, now }: { query: string; cookie: string | undefined; now: Date },
): Promise<{ userId: number; provider: string; returnTo: string }> {
  const provider = await readProvider(db, name);
  const answer = new URLSearchParams(query);
  const state = answer.get("state");
  if (state === null || cookie === undefined || state !== cookie)
    throw refused("This answer is of a log-in that was not begun in this browser.");
  const login = await db
    .deleteFrom("oidc_logins")
    .where("state_hash", "=", hashOf(state))
    .where("provider_id", "=", provider.id)
    .where("expires_at", ">", now)
    .returningAll()
    .executeTakeFirst();
  if (!login) throw refused("This log-in was begun too long ago, or is over.");
  const config = await discover(provider);
  const claims = await claimsOf(config, new URL(`${login.redirect_uri}?${query}`), provider, login, state);
  const username = claims[provider.username_claim];
  if (typeof username !== "string")
    throw refused(`The provider ${name} does not say who you are: its claim ${provider.username_claim} is missing.`);
  const who = {
    provider: `oidc:${name}`,
    // A subject is never given twice, but for one issuer only (OpenID Connect Core 1.0 section 2).
    subject: `${provider.issuer} ${String(claims["sub"])}`,
    username,
    email: claims["email_verified"] === false ? "" : textOf(claims["email"], 254),
    fullName: textOf(claims["name"], 150),
    groups: groupsOf(provider.groups_claim === null ? [] : claims[provider.groups_claim]),
  };
  return { userId: await enterExternal(db, who, now), provider: who.provider, returnTo: login.return_to };
}

const refused = (message: string, cause?: unknown): Denied => new Denied(message, 403, { ...oidcFailed, cause });
const textOf = (value: unknown, longest: number): string => (typeof value === "string" ? value.slice(0, longest) : "");
const groupsOf = (value: unknown): string[] =>
  (typeof value === "string" ? [value] : Array.isArray(value) ? value : [])
    .filter((name) => typeof name === "string")
    .slice(0, mostGroups);

/** What the provider says of the user: in the ID token, and where something is missing there, in its user info. */
async function claimsOf(
  config: openid.Configuration,
  callback: URL,
  { name, username_claim, groups_claim }: Provider,
  { nonce, verifier }: { nonce: string; verifier: string },
  state: string,
): Promise<Record<string, unknown>> {
  try {
    const tokens = await openid.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims: Record<string, unknown> = { ...tokens.claims() };
    const wanted = [username_claim, "email", "name", ...(groups_claim === null ? [] : [groups_claim])];
    if (wanted.every((claim) => claims[claim] !== undefined)) return claims;
    if (config.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await openid.fetchUserInfo(config, tokens.access_token, String(claims["sub"]));
    return { ...more, ...claims };
  } catch (error) {
    throw refused(`The log-in by ${name} failed: ${wordsOf(error)}`, error);
  }
}

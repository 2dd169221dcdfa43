import type { FastifyRequest } from "fastify";
import { Denied, InputError } from "../errors.ts";
import { type AuthDeps, identify, requireCsrf } from "../http/auth.ts";
import { plaintextOAuth, readOAuthHeader } from "../metadata/oauth.ts";
import type { Caller } from "../users/access.ts";
import { verifyToken } from "../users/tokens.ts";
import type { Pairs } from "./body.ts";

export type Identity = {
  caller: Caller | null;
  /** Token that a change by a session must carry, in a header or in the form; null where none is needed. */
  csrf: string | null;
};

/**
 * Who asks: by `Authorization: OAuth` with signature method PLAINTEXT (RFC 5849 3.4.4), by the same parameters in the query,
 * or in the ways of the other API.
 *
 * @throws Denied, InputError for a time stamp that is none
 */
export async function authenticate(deps: AuthDeps, request: FastifyRequest, query: Pairs): Promise<Identity> {
  const header = request.headers.authorization;
  if (header !== undefined && /^OAuth([ \t]|$)/i.test(header))
    return { caller: await byOAuth(deps, readOAuthHeader(header)), csrf: null };
  const values = oauthParameters(query);
  if (values !== null) return { caller: await byOAuth(deps, values), csrf: null };
  return identify(deps, request);
}

/** OAuth's parameters among those of a query or a form (RFC 5849 3.5.2); null where there are none. */
export function oauthParameters(pairs: Pairs): Map<string, string> | null {
  const values = new Map(pairs.filter(([name]) => name.startsWith("oauth_")));
  return values.size === 0 ? null : values;
}

/** The user of an API key, given as OAuth parameters. @throws Denied, InputError */
export async function byOAuth({ db, clock }: AuthDeps, values: ReadonlyMap<string, string> | null): Promise<Caller> {
  const given = values && plaintextOAuth(values);
  const time = values?.get("oauth_timestamp");
  if (!given || time === undefined || !values.has("oauth_nonce"))
    throw new Denied(
      "Authorization Error: The OAuth parameters are not complete, or not of the method PLAINTEXT.",
      401,
    );
  if (!/^-?\d{1,20}$/.test(time)) throw new InputError("Authorization Error: oauth_timestamp must be a whole number.");
  const { consumerKey, token, signature } = given;
  // Of the two secrets in a signature the consumer's is empty.
  const parts = [consumerKey, token, signature.slice(1)];
  const sound = signature.startsWith("&") && parts.every((part) => part !== "" && !/[:\0]/.test(part));
  const caller = sound ? await verifyToken(db, parts.join(":"), clock.now()) : null;
  if (!caller) throw new Denied("Authorization Error: Invalid API key.", 401);
  return caller;
}

/** Refuses a change by a session whose token comes neither in a header nor in the form. @throws Denied */
export function checkCsrf({ csrf }: Identity, request: FastifyRequest, form: Pairs): void {
  if (csrf === null) return;
  const field = form.find(([name]) => name === "csrf_token" || name === "csrfmiddlewaretoken")?.[1];
  const { "x-csrf-token": ours, "x-csrftoken": theirs } = request.headers;
  requireCsrf(
    csrf,
    [ours, theirs, field].flat().find((value) => value !== undefined),
  );
}

import { createHash, timingSafeEqual } from "node:crypto";

/** The parts of an OAuth 1.0a `Authorization` header that PLAINTEXT needs. */
export type OAuthHeader = { consumerKey: string; token: string; signature: string };

const longestHeader = 4096;
/** One `name="value"` with its comma; values are percent-encoded, so they hold neither quotes nor commas. */
const parameter = /[ \t]*([A-Za-z0-9_.~-]{1,64})[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|["']?([^\s,"']+)["']?)[ \t]*(,|$)/y;

/**
 * The parameters of an `Authorization: OAuth …` header (RFC 5849 3.5.1), decoded. Order, quoting and blanks are free. Null
 * when it is anything else: another scheme, a parameter twice, broken percent-encoding.
 */
export function readOAuthHeader(header: string | undefined): Map<string, string> | null {
  if (header === undefined || header.length > longestHeader) return null;
  const scheme = /^OAuth[ \t]+/i.exec(header);
  if (scheme === null) return null;
  const values = new Map<string, string>();
  const pattern = new RegExp(parameter);
  pattern.lastIndex = scheme[0].length;
  for (let more = true; more;) {
    const match = pattern.exec(header);
    const name = match?.[1];
    const value = decode(match?.[2] ?? match?.[3] ?? match?.[4] ?? "");
    if (match === null || name === undefined || value === null || values.has(name)) return null;
    values.set(name, value);
    more = match[5] === ",";
  }
  return values;
}

/** What signature method PLAINTEXT (RFC 5849 3.4.4) needs of the parameters; null where it is missing or another method. */
export function plaintextOAuth(values: ReadonlyMap<string, string>): OAuthHeader | null {
  const consumerKey = values.get("oauth_consumer_key");
  const token = values.get("oauth_token");
  const signature = values.get("oauth_signature");
  if (consumerKey === undefined || token === undefined || signature === undefined) return null;
  if (values.get("oauth_signature_method")?.toUpperCase() !== "PLAINTEXT") return null;
  if ((values.get("oauth_version") ?? "1.0") !== "1.0") return null;
  return { consumerKey, token, signature };
}

/** Both at once, for whoever needs not know what was wrong. */
export function parseOAuthHeader(header: string | undefined): OAuthHeader | null {
  const values = readOAuthHeader(header);
  return values && plaintextOAuth(values);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Compares two secrets in a time that tells nothing about where they differ. */
export function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Whether the header was made with these credentials: the consumer secret is empty, the token's is not. */
export function signedWith(
  header: OAuthHeader,
  credentials: { consumer_key: string; token_key: string; token_secret: string },
): boolean {
  const wanted = `${credentials.consumer_key}\n${credentials.token_key}\n&${encodeURIComponent(credentials.token_secret)}`;
  return sameSecret(`${header.consumerKey}\n${header.token}\n${header.signature}`, wanted);
}

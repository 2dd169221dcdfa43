import type { Credentials } from "@rackwright/contract";

/** The `Authorization` header of a machine: OAuth 1.0a PLAINTEXT (RFC 5849 3.4.4) without a consumer secret. */
export function oauthHeader(keys: Credentials, nonce: string, nowMilliseconds: number): Record<string, string> {
  const fields = {
    oauth_version: "1.0",
    oauth_signature_method: "PLAINTEXT",
    oauth_consumer_key: keys.consumer_key,
    oauth_token: keys.token_key,
    oauth_signature: `&${keys.token_secret}`,
    oauth_nonce: nonce,
    oauth_timestamp: String(Math.floor(nowMilliseconds / 1000)),
  };
  const words = Object.entries(fields).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
  return { authorization: `OAuth ${words.join(", ")}` };
}

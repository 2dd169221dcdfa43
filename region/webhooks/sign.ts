import { createHmac } from "node:crypto";

/**
 * Headers that prove who sent a body and when, as the Standard Webhooks specification has them: HMAC-SHA256 over
 * `id.timestamp.body`. A receiver refuses what is older than a few minutes, and an id it has seen.
 */
export function signedHeaders(secret: string, { id, at, body }: { id: string; at: Date; body: string }) {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const mark = "whsec_";
  const key = secret.startsWith(mark) ? Buffer.from(secret.slice(mark.length), "base64") : Buffer.from(secret);
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

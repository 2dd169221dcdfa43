import type { IncomingMessage } from "node:http";
import { fetchAuthorization } from "@rackwright/contract/rack";
import { requestRegion, type RegionAddress } from "./address.ts";
import type { Identity } from "./connect.ts";

/**
 * Fetches a file of an image from a region, as a stream of bytes. The region's clock is not ours to know: a request is
 * signed with the time of this host, which must be right within five minutes.
 * @throws Error in one sentence when the region does not have it or does not answer
 */
export async function fetchImage(
  region: RegionAddress,
  self: Identity,
  hash: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = `/rack/v1/images/${hash}`;
  const authorization = fetchAuthorization(self.secret, self.name, new Date(), path);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = requestRegion(region, { path, headers: { authorization }, signal });
    request.once("error", reject);
    request.once("response", resolve);
    request.end();
  });
  if (answer.statusCode === 200) return answer;
  const detail = await readDetail(answer);
  throw new Error(`the region answered ${answer.statusCode}${detail === "" ? "" : `: ${detail}`}`);
}

/** The sentence of a problem document, as far as there is one. */
async function readDetail(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    text += chunk.toString("utf8");
    if (text.length > 16_384) break;
  }
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== "object" || document === null || !("detail" in document)) return "";
    return typeof document.detail === "string" ? document.detail.slice(0, 500) : "";
  } catch {
    return "";
  }
}

import type { ApiClient } from "@rackwright/cli";
import { type Event, event } from "@rackwright/contract";

const retryMilliseconds = 500;

/** Takes every event whose type begins so, from the first on, until the signal. A stream that breaks is resumed where it was. */
export async function followEvents(
  client: ApiClient,
  { types, signal, take }: { types: string; signal: AbortSignal; take: (event: Event) => void },
): Promise<void> {
  let last = "0";
  while (!signal.aborted) {
    try {
      for await (const { id, data } of client.stream(`/api/v1/events/stream?type=${types}`, signal, last)) {
        last = id;
        take(event.parse(JSON.parse(data)));
      }
    } catch {
      // The connection broke, or it is over.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
  }
}

import { blankRequest } from "../client-message.ts";
import type { DhcpMessage } from "../message.ts";
import { u8Value } from "../option-values.ts";

/** A DISCOVER without anything but its type, and what a test changes. */
export function sample(more: Partial<DhcpMessage> = {}): DhcpMessage {
  return blankRequest(more.mac ?? "52:54:00:12:34:56", new Map([[53, u8Value(1)]]), {
    transactionId: 0xdeadbeef,
    seconds: 4,
    ...more,
  });
}

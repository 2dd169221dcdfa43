import type { Cause } from "./cause.ts";

export const notYours = {
  code: "not-yours",
  title: "A lease belongs to another card",
  meaning:
    "A network card asked to keep an address that the region has given to another one in the meantime. It starts over and gets one of its own.",
  blame: "machine",
  evidence: "None; the sentence says it all.",
  next: "Nothing: the machine asks for a new address by itself.",
  test: "rack/dhcp/failures.test.ts",
} as const satisfies Cause;

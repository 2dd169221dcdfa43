import type { Cause } from "./cause.ts";

export const networkMissing = {
  code: "network-missing",
  title: "The inventory lists no network card",
  meaning: "Nothing is known that the installed system could be reached by, so no deployment can be planned.",
  blame: "machine",
  evidence: "None; the sentence says it all.",
  next: "Commission the machine again.",
  test: "region/storage/storage.test.ts",
} as const satisfies Cause;

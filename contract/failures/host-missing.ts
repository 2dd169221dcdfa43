import type { Cause } from "./cause.ts";

export const hostMissing = {
  code: "host-missing",
  title: "A request does not say by which address it came",
  meaning:
    "The metadata service tells machines addresses of their own rack, and takes the rack's from the Host header, which this request lacks.",
  blame: "machine",
  evidence: "None; the sentence says it all.",
  next: "Send a Host header; a rack that forwards must send X-Forwarded-Host.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const noDynamicRange = {
  code: "no-dynamic-range",
  title: "The subnet has no dynamic range",
  meaning:
    "A network card without an address of its own asks on a subnet where DHCP is on, but where no range to take one from is set.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Give the subnet a dynamic range (PATCH /api/v1/subnets).",
  test: "rack/dhcp/dhcp.test.ts",
} as const satisfies Cause;

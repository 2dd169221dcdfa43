import type { Cause } from "./cause.ts";

export const rackDeviceUnknown = {
  code: "rack-device-unknown",
  title: "The rack has no such network device",
  meaning:
    "An explanation of a boot was asked for a network device the rack does not serve, or the rack serves none at all, so no packet could come in there.",
  blame: "operator",
  evidence: "None; the sentence names the devices the rack serves.",
  next: "Name one of the rack's devices, or look at its interfaces: GET /api/v1/racks.",
  test: "rack/boot/explain.test.ts",
} as const satisfies Cause;

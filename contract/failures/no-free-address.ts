import type { Cause } from "./cause.ts";

export const noFreeAddress = {
  code: "no-free-address",
  title: "No address is left to be set on an interface",
  meaning:
    "An interface is to have a fixed address of a subnet, and every address outside the subnet's ranges is somebody's: of machines, devices, racks, the gateway, name servers, or set aside by a user.",
  blame: "operator",
  evidence: "The subnet.",
  next: "Make its dynamic range smaller, release addresses that nobody needs, or link the interface to another subnet.",
  test: "region/interfaces/interfaces.medium.test.ts",
} as const satisfies Cause;

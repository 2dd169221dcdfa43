import type { Cause } from "./cause.ts";

export const addressInUse = {
  code: "address-in-use",
  title: "Another station uses the address",
  meaning:
    "A machine found its new address in use and declined it, or asked for one that is another's. The address is not given to anybody for a while.",
  blame: "outside",
  evidence: "The machine's DHCPDECLINE and where it came from.",
  next: "Find the station that uses the address (its neighbours see its hardware address) and give it another one, or take the address out of the dynamic range.",
  test: "test/wrong/boot.large.test.ts",
} as const satisfies Cause;

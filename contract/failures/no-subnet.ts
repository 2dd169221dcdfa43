import type { Cause } from "./cause.ts";

export const noSubnet = {
  code: "no-subnet",
  title: "No subnet with DHCP is on the client's link",
  meaning:
    "A network card asks for an address on a wire, or through a relay, for which no subnet is known or DHCP is off. It gets no answer.",
  blame: "operator",
  evidence: "The device and the relay the question came by.",
  next: "Turn DHCP on for the subnet and give it a dynamic range (PATCH /api/v1/subnets), or correct the relay.",
  test: "test/wrong/boot.large.test.ts",
} as const satisfies Cause;

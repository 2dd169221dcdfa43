import { addressInUse, addressesExhausted, notYours, unknownSubnet } from "@rackwright/contract";
import type { Cause, LeaseOfferAnswer } from "@rackwright/contract";

type Refused = Extract<LeaseOfferAnswer, { refused: string }>["refused"];

/** What the region's refusals of a lease mean. */
export const refusals: Readonly<Record<Refused, Cause>> = {
  "no-free-address": addressesExhausted,
  "unknown-subnet": unknownSubnet,
  "address-in-use": addressInUse,
  "not-yours": notYours,
};

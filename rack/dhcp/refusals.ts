import { addressInUse, addressesExhausted, notYours, unknownSubnet } from "@rackwright/contract/rack";
import type { Cause, LeaseOfferAnswer } from "@rackwright/contract/rack";

type Refused = Extract<LeaseOfferAnswer, { refused: string }>["refused"];

/** What the region's refusals of a lease mean. */
export const refusals: Readonly<Record<Refused, Cause>> = {
  "no-free-address": addressesExhausted,
  "unknown-subnet": unknownSubnet,
  "address-in-use": addressInUse,
  "not-yours": notYours,
};

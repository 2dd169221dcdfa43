export { parseRegion, type RegionAddress } from "./address.ts";
export type { Identity } from "./connect.ts";
export { EventQueue, type EventQueueOptions } from "./events.ts";
export { fetchImage } from "./fetch.ts";
export { leaseLink } from "./leases.ts";
export { type Log, RegionLink, type RegionLinkOptions } from "./link.ts";

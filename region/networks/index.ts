export { findFabrics, findSpaces, findSubnets, findVlans } from "./find.ts";
export { commitLeases } from "./lease-commit.ts";
export { pageOfLeases } from "./lease-list.ts";
export { leaseSeconds, offerLeases } from "./lease-offer.ts";
export { reportLeases } from "./lease-report.ts";
export { learnSubnets } from "./learn.ts";
export { registerNetworkRoutes } from "./routes.ts";
export { createSubnet, deleteSubnet, getSubnet, listSubnets, updateSubnet } from "./subnets.ts";

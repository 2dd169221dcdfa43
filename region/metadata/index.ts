export { authenticateMachine, credentialsFor, requireOwnLease } from "./access.ts";
export type { MachineIdentity } from "./access.ts";
export { clientOf, leasedMac, rackUrl } from "./client.ts";
export type { Client } from "./client.ts";
export { installedSeed } from "./seed.ts";
export { registerMetadataRoutes } from "./routes.ts";
export type { MetadataDeps } from "./routes.ts";

export * from "./boot-reply.ts";
export { type DhcpExplainer, type ExplainedClient, type Foreseeing, NoDeviceError } from "./explain.ts";
export * from "./find-mac.ts";
export * from "./lease-source.ts";
export { defaultDhcpLimits, type DhcpLimits } from "./limits.ts";
export { loadSnapshot, saveSnapshot } from "./snapshot.ts";
export * from "./server.ts";
export type { BootQuestion, DecideBoot } from "./world.ts";

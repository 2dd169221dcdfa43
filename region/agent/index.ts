export { openBundle } from "./bundle.ts";
export type { Bundle } from "./bundle.ts";
export { registerAgentRoutes } from "./routes.ts";
export type { AgentDeps } from "./routes.ts";

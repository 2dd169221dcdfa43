export { apiClient } from "./client.ts";
export type { ApiClient } from "./client.ts";
export { buildAgent, buildWeb } from "./bundles.ts";
export { startControllers } from "./controllers.ts";
export type { ControllerOptions, Controllers } from "./controllers.ts";
export { placesFrom } from "./places.ts";
export type { Places } from "./places.ts";
export { rangeOf, serveDhcp } from "./subnets.ts";

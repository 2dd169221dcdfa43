export { deleteController, updateController } from "./change.ts";
export { listControllers } from "./read.ts";
export type { Controller, ControllerKind } from "./read.ts";
export { describeHost, regionHeartbeat, regionSeen, registerRegion } from "./register.ts";

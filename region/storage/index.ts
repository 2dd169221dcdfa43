export { checkDeployable, chooseDisk, neededSize } from "./disks.ts";
export type { DeployableImage } from "./disks.ts";
export { flatLayout, stableUuid } from "./layout.ts";
export { installPlan } from "./plan.ts";
export type { PlanInput } from "./plan.ts";

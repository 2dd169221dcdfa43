export { bootMac } from "./inventory/interfaces.ts";
export { readInventory } from "./inventory/index.ts";
export { realWorld, runProgram } from "./world.ts";
export type { RunOptions, RunResult, World } from "./world.ts";
export { programFailure } from "./failure.ts";
export { blameMemory } from "./memory.ts";

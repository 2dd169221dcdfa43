export * from "./boot/index.ts";
export { parseFlags, type Flags } from "./flags.ts";
export * from "./link/index.ts";
export { startRack, type Rack, type RackWorld } from "./rack.ts";

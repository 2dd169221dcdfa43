/**
 * What a rack needs of the contract. A rack loads this alone: the schemas of the whole API would take memory of it that
 * it never uses.
 */
export * from "./boot.ts";
export * from "./boot-explain.ts";
export * from "./events.ts";
export * from "./failures.ts";
export * from "./failures/index.ts";
export * from "./images.ts";
export * from "./rack-link.ts";
export * from "./rack-peer.ts";
export * from "./rack-proof.ts";
export * from "./values.ts";

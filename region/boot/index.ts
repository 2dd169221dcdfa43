export { kernelOptions } from "./command-line.ts";
export { decideBoot, explainBoot } from "./decide.ts";
export { loadBootFacts, uuidSpellings } from "./facts.ts";
export type { BootFacts, BootImage, BootMachine } from "./facts.ts";
export { bootRules, decide, enlistingHostname } from "./rules.ts";
export type { BootRule } from "./rules.ts";

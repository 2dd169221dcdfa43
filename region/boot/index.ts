export { kernelOptions } from "./command-line.ts";
export { decideBoot, foreseeBoot } from "./decide.ts";
export { loadBootFacts, uuidSpellings } from "./facts.ts";
export type { BootFacts, BootImage, BootMachine } from "./facts.ts";
export { bootRules } from "./rules.ts";
export { decide, enlistingHostname, judgeRules } from "./judge.ts";
export type { BootRule } from "./rules.ts";
export type { Condition, Verdict } from "./conditions.ts";

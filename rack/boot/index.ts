export { Decisions, type DecisionsOptions } from "./decisions.ts";
export { dhcpBoot, type DhcpBootOptions } from "./dhcp.ts";
export { explainBoot, type ExplainOptions } from "./explain.ts";
export { grubScript, grubStart } from "./grub.ts";
export { ipxeScript, ipxeStart } from "./ipxe.ts";
export { type BootName, parseBootName } from "./names.ts";
export { openBoot, type OpenBootOptions } from "./open.ts";
export type { ScriptInput } from "./script.ts";

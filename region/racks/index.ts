export { buildRackConfig } from "./config.ts";
export { checkRack, registerRackFetch } from "./fetch.ts";
export { RackLinks, type RackLinkOptions, rackLinkPath, registerRackLink } from "./links.ts";
export { configChannel, notifyRacks } from "./notify.ts";
export { RackPower } from "./power.ts";
export { type Guards, registerRackRoutes } from "./routes.ts";
export { ensureRack, listRacks } from "./rows.ts";

export { registerInventoryRoutes } from "./routes.ts";
export { traitsOf } from "./traits.ts";
export { keepVersion } from "./versions.ts";

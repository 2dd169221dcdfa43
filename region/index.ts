export { type Clock, systemClock } from "./clock.ts";
export { type Database, type Transaction, json, openDatabase } from "./database/pool.ts";
export type { Tables } from "./database/tables.ts";
export { Denied, FailureError, InputError, NotFound, OutsideDown, RegionError, StateConflict } from "./errors.ts";
export { type Log, noLog } from "./log.ts";
export { lifecycle, type Rule } from "./machines/lifecycle.ts";
export { type Region, type RegionOptions, startRegion } from "./region.ts";
export { createFirstAdministrator } from "./users/users.ts";

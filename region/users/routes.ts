import type { App } from "../http/app.ts";
import type { UserDeps } from "./self.ts";
import { registerUsers } from "./user-routes.ts";
import { registerSshKeys } from "./ssh-key-routes.ts";
import { registerSessions } from "./session-routes.ts";
import { registerTokens } from "./token-routes.ts";

/** Routes of users, sessions, API tokens and SSH keys. */
export function registerUserRoutes(routes: App, deps: UserDeps): void {
  registerUsers(routes, deps);
  registerSessions(routes, deps);
  registerTokens(routes, deps);
  registerSshKeys(routes, deps);
}

import type { App } from "../http/app.ts";
import { registerGroups } from "./group-routes.ts";
import { registerLogin } from "./login-routes.ts";
import type { KeySources } from "./key-import.ts";
import { registerProviders } from "./provider-routes.ts";
import type { UserDeps } from "./self.ts";
import { registerSessions } from "./session-routes.ts";
import { registerSshKeys } from "./ssh-key-routes.ts";
import { registerTokens } from "./token-routes.ts";
import { registerUsers } from "./user-routes.ts";

/** Routes of users, groups, sessions, API tokens, SSH keys, and of those who say who somebody is. */
export function registerUserRoutes(routes: App, deps: UserDeps & { keySources?: KeySources }): void {
  registerUsers(routes, deps);
  registerGroups(routes, deps);
  registerSessions(routes, deps);
  registerTokens(routes, deps);
  registerSshKeys(routes, deps);
  registerProviders(routes, deps);
  registerLogin(routes, deps);
}

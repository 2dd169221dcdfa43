import { username } from "@rackwright/contract";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import type { Caller } from "./access.ts";

export type UserDeps = { db: Database; clock: Clock };

export const byName = z.object({ username });
export const nothing = z.undefined();

/** The name, where it is the caller or an administrator asks. @throws Denied */
export function selfOrAdministrator(caller: Caller, name: string): string {
  if (caller.administrator || caller.username === name) return name;
  throw new Denied("Only an administrator may look at or change another user.");
}

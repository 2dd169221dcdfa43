import { secretsRotate, secretsRotated } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";
import { appendAudit } from "../events/audit.ts";
import type { App } from "../http/app.ts";
import { administratorOf } from "../http/auth.ts";
import type { Secrets } from "./secrets.ts";

/** `POST /api/v1/secrets/rotate`. */
export function registerSecretRoutes(
  routes: App,
  { db, clock, secrets }: { db: Database; clock: Clock; secrets?: Secrets | undefined },
): void {
  routes.post(
    "/api/v1/secrets/rotate",
    {
      config: { outside: true },
      schema: {
        tags: ["secrets"],
        summary: "Seal every secret in the database with a new key",
        description:
          "The former keys stay in the key file, since backups of the database need them, unless they shall be forgotten. " +
          "Where several regions serve one database, copy the key file to the others before they need it.",
        body: secretsRotate.prefault({}),
        response: { 200: secretsRotated },
      },
    },
    async (incoming) => {
      const { username: actor } = administratorOf(incoming);
      if (secrets === undefined) throw new StateConflict("This region was started without a key file.");
      const { forget_former } = incoming.body;
      const before = secrets.box.current;
      const done = await secrets.rotate(forget_former);
      await db.transaction().execute((tx) =>
        appendAudit(tx, {
          type: "secret.changed",
          at: clock.now(),
          actor,
          message: `${actor} had ${done.sealed} secrets sealed with the new key ${done.current}`,
          before: { current: before },
          after: { current: done.current, forgotten: done.forgotten },
          data: { change: "rotated" },
        }),
      );
      return done;
    },
  );
}

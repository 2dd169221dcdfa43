import { makeFailure, rackSecretWrong } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";

const quietSeconds = 60;

/** Says that something came as a rack without knowing its secret: at most once a minute, for a stranger may try for ever. */
export async function reportRefused(
  db: Database,
  { rack, why, from }: { rack: string; why: string; from: string | undefined },
  now: Date,
): Promise<void> {
  const last = await db
    .selectFrom("events")
    .select("at")
    .where("type", "=", "rack.problem")
    .where("actor", "=", "region")
    // From the newest on: a stranger must not have the old ones looked through again and again.
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (last !== undefined && last.at.getTime() > now.getTime() - quietSeconds * 1000) return;
  const message = `A rack link was refused: ${why}.`;
  await appendEvent(db, {
    type: "rack.problem",
    level: "warning",
    at: now,
    actor: "region",
    message,
    data: { claims: rack, from: from ?? null },
    failure: makeFailure(rackSecretWrong, message, [`it came from ${from ?? "a socket of this host"} as '${rack}'`]),
  });
}

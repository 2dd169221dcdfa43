import { randomInt } from "node:crypto";
import type { Credentials } from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";

const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const systemIdLetters = "0123456789abcdefghkmnpqrstwxy";

/** Random text of letters and digits, from the system's secure source. */
export function randomText(length: number, alphabet: string = letters): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** A fresh six-character system id. */
export function randomSystemId(): string {
  return randomText(6, systemIdLetters);
}

/** Gives the machine new credentials; the old ones are worth nothing from then on. */
export async function renewCredentials(db: Kysely<Tables>, machineId: string, now: Date): Promise<Credentials> {
  const fresh = { consumer_key: randomText(18), token_key: randomText(18), token_secret: randomText(32) };
  await db
    .insertInto("machine_credentials")
    .values({ machine_id: machineId, ...fresh, created_at: now })
    .onConflict((conflict) => conflict.column("machine_id").doUpdateSet({ ...fresh, created_at: now }))
    .execute();
  return fresh;
}

/** The machine's credentials, or undefined when it has none. */
export async function readCredentials(db: Kysely<Tables>, machineId: string): Promise<Credentials | undefined> {
  return db
    .selectFrom("machine_credentials")
    .select(["consumer_key", "token_key", "token_secret"])
    .where("machine_id", "=", machineId)
    .executeTakeFirst();
}

/** Makes the machine's credentials worth nothing. */
export async function deleteCredentials(db: Kysely<Tables>, machineId: string): Promise<void> {
  await db.deleteFrom("machine_credentials").where("machine_id", "=", machineId).execute();
}

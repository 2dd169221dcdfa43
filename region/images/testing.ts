import type { Kysely } from "kysely";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";

/** Registers the image machines are deployed with by default, as if it were in the store. It may be there already. */
export async function registerDebian(db: Kysely<Tables>): Promise<void> {
  await db
    .insertInto("images")
    .values({
      name: "debian-12",
      architecture: "amd64",
      kind: "deployable",
      title: "Debian",
      os: "debian",
      release: "12",
      recipe: "0",
      built_at: new Date(),
      files: json([{ role: "squashfs", name: "squashfs", sha256: "a".repeat(64), size: 1000 }]),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

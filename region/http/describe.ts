import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { openDatabase } from "../database/pool.ts";
import { ImageSync } from "../images/index.ts";
import { noLog } from "../log.ts";
import { programVersion, registerApi } from "./api.ts";
import { buildApp } from "./app.ts";
import { describeApi } from "./openapi.ts";

/** Where the description of the API is kept in the repository. */
export const descriptionFile = join(import.meta.dirname, "../../docs/reference/openapi.json");

/** The description of the API as text, as it is kept and served. Needs no database: none of the routes is asked. */
export async function describeText(): Promise<string> {
  const db = openDatabase({ url: "postgresql:///none" });
  const app = buildApp({ log: noLog });
  registerApi(app, {
    db,
    clock: systemClock,
    tail: { through: () => 0, past: async () => {}, close: async () => {} },
    images: new ImageSync({ db, clock: systemClock, log: noLog, store: "" }),
    racks: { connections: () => [] },
    version: programVersion(),
    log: noLog,
    signal: AbortSignal.abort(),
    isLocalOperator: () => false,
  });
  await app.ready();
  const text = `${JSON.stringify(describeApi(app.described, programVersion()), null, 2)}\n`;
  await app.close();
  await db.destroy();
  return text;
}

if (import.meta.main) await writeFile(descriptionFile, await describeText());

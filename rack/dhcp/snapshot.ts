import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { rackConfig, type RackConfig } from "@rackwright/contract/rack";

const fileName = "dhcp.json";

/**
 * Writes the mirror's document to a folder, whole or not at all: to a second file first, on the disk before it takes the
 * name. Lets a rack that starts while no region answers serve what it knew.
 */
export async function saveSnapshot(folder: string, document: RackConfig): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, fileName);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(document));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/**
 * Reads what `saveSnapshot` wrote; undefined when there is none. Rejects with the file's name and what is wrong with it
 * when it cannot be used: the caller reports that and starts empty.
 */
export async function loadSnapshot(folder: string): Promise<RackConfig | undefined> {
  const path = join(folder, fileName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return rackConfig.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be used: ${why}. Remove it; the region sends the configuration again.`, {
      cause: error,
    });
  }
}

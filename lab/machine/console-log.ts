import { copyFile, stat, truncate } from "node:fs/promises";

/** Bytes of one console file. With its predecessor a machine keeps at most twice that. */
export const consoleLimit = 4 * 1024 * 1024;

/**
 * Keeps a log that another process appends to within bounds: when it has grown over the limit its content moves to
 * `earlier` and it starts anew. The writer has the file open for appending and goes on at its new end.
 */
export async function boundLog(file: string, earlier: string, limit: number): Promise<boolean> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= limit) return false;
  await copyFile(file, earlier);
  await truncate(file, 0);
  return true;
}

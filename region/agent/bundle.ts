import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

/** The agent as one file of JavaScript, as it lies on the region's disk. */
export type Bundle = {
  /** Its text and SHA-256; null while there is no such file. */
  read(): Promise<{ text: Buffer; sha256: string } | null>;
};

/** Reads the agent's bundle from a file and keeps it until the file changes. */
export function openBundle(path: string): Bundle {
  let kept: { stamp: string; text: Buffer; sha256: string } | null = null;
  return {
    async read() {
      const found = await stat(path).catch(() => null);
      if (found === null || !found.isFile()) return null;
      const stamp = `${found.ino} ${found.size} ${found.mtimeMs}`;
      if (kept?.stamp !== stamp) {
        const text = await readFile(path);
        kept = { stamp, text, sha256: createHash("sha256").update(text).digest("hex") };
      }
      return kept;
    },
  };
}

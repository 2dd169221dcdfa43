import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** Bytes at each end of a disk that a quick erase clears at least. */
const edge = 1024 * 1024;
const sector = 512;

/** Calls `work` with each of the three places that tests look at: the beginning, the middle and the end of a disk. */
async function at<T>(path: string, flags: "r" | "r+", work: (file: FileHandle, offset: number) => Promise<T>) {
  const file = await open(path, flags);
  try {
    const { size } = await file.stat();
    const middle = Math.floor(size / 2 / edge) * edge;
    return { beginning: await work(file, 0), middle: await work(file, middle), end: await work(file, size - edge) };
  } finally {
    await file.close();
  }
}

/** What old data looks like: a pattern at the beginning, in the middle and at the end, and marks of tables in it. */
function oldData(): Buffer {
  const data = Buffer.alloc(edge, 0xa5);
  for (const [offset, mark] of [
    [sector, "EFI PART"],
    [edge - sector, "EFI PART"],
    [32 * 1024 + 1, "CD001"],
    [64 * 1024 + 64, "_BHRfS_M"],
  ] as const)
    data.write(mark, offset);
  data.writeUInt16LE(0xaa55, 510);
  return data;
}

/** Fills the places that tests look at with old data, in a disk's image on the host. */
export async function fillDisk(path: string): Promise<void> {
  await at(path, "r+", (file, offset) => file.write(oldData(), 0, edge, offset));
}

/** What is at the three places of a disk's image: the old data as it was, nothing (all zero), or something else. */
export async function readDisk(
  path: string,
): Promise<Record<"beginning" | "middle" | "end", "old" | "zero" | "other">> {
  const [old, zero] = [oldData(), Buffer.alloc(edge)];
  return at(path, "r", async (file, offset) => {
    const data = Buffer.alloc(edge);
    await file.read(data, 0, edge, offset);
    return data.equals(old) ? ("old" as const) : data.equals(zero) ? ("zero" as const) : ("other" as const);
  });
}

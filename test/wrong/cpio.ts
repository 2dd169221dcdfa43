/** A file of an archive: its path without a leading slash, its mode with the type bits, its contents. */
export type ArchiveFile = { path: string; mode: number; content: Uint8Array };

const magic = "070701";
const folderMode = 0o040755;
const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function entry({ path, mode, content }: ArchiveFile, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = magic + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

/** An initramfs in cpio's "newc" form, as the kernel takes it (Documentation/driver-api/early-userspace/buffer-format). */
export function initramfs(files: readonly ArchiveFile[]): Buffer {
  const folders = new Set(
    files.flatMap(({ path }) => {
      const parts = path.split("/").slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    }),
  );
  const empty = new Uint8Array();
  const all = [...[...folders].map((path) => ({ path, mode: folderMode, content: empty })), ...files];
  const end = { path: "TRAILER!!!", mode: 0, content: empty };
  return Buffer.concat([...all, end].map((file, index) => entry(file, index + 1)));
}

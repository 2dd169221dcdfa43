export type TarFile = { name: string; content: Buffer; mode: number };

/** Bytes of a name in a header, with the NUL after it (POSIX ustar). */
const nameField = 100;

function entry(type: "0" | "L", { name, content, mode }: TarFile, at: Date): Buffer[] {
  const header = Buffer.alloc(512);
  Buffer.from(name).copy(header, 0, 0, nameField - 1);
  const octal = (value: number, offset: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, offset, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(Math.floor(at.getTime() / 1000), 136, 12);
  header.write(`        ${type}`, 148, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/**
 * A tar archive of regular files (POSIX ustar). A longer name than a header holds goes before its file as GNU tar does it,
 * in an entry of type L, which every reader knows.
 */
export function tar(files: readonly TarFile[], at: Date): Buffer {
  const blocks = files.flatMap((file) => {
    const long = Buffer.byteLength(file.name) >= nameField;
    const longName = { name: "././@LongLink", content: Buffer.from(`${file.name}\0`), mode: 0o644 };
    return [...(long ? entry("L", longName, at) : []), ...entry("0", file, at)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A path a machine sent, made safe, or the reason why it is refused. */
export type NormalisedPath = { readonly path: string } | { readonly refused: string };

const MAX_PATH_BYTES = 512;

/**
 * One form for every spelling firmware uses: `\` is `/`, empty and `.` parts vanish (and with them leading
 * slashes). A `..` part, control characters and oversized names are refused, so that the result can
 * never leave the folder it is looked up in.
 */
export function normalisePath(text: string): NormalisedPath {
  if (Buffer.byteLength(text) > MAX_PATH_BYTES) return { refused: `path is longer than ${MAX_PATH_BYTES} bytes` };
  // oxlint-disable-next-line no-control-regex -- NUL and its neighbours are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return { refused: "path contains a control character" };
  const parts = text
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return { refused: "path contains '..'" };
  if (parts.length === 0) return { refused: "path names no file" };
  return { path: parts.join("/") };
}

/** Text of a stranger for a message: control characters shown as `?`, cut to a length one can read. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these must not reach a terminal
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}

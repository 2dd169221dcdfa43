/** Where a command writes: people read `say` and `progress` on standard error, programs read `print` on standard output. */
export interface Terminal {
  /** Columns of the terminal standard output is; null where it is none, but a file or a pipe. */
  readonly width: number | null;
  /** A line of the command's result, on standard output. */
  print(line: string): void;
  /** Bytes as they are, on standard output: a document, not words of ours. */
  write(bytes: Uint8Array): void;
  /** A line for the person watching, on standard error. */
  say(line: string): void;
  /** One line that is overwritten by the next; shown only on a terminal. */
  progress(line: string): void;
}

/**
 * Text without what a terminal takes for a command (ECMA-48 5.4, C0 and C1 controls): much of what is shown was said by
 * machines and strangers. Tabs and ends of lines stay. JSON stays what it is: of the controls it has only DEL and those
 * of C1 as they are, and these are written as its escapes.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, (found) => (found.startsWith("\u001b") ? "" : found))
    .replaceAll(/(?![\t\n])\p{Cc}/gu, (control) => (control < " " ? "" : `\\u00${control.charCodeAt(0).toString(16)}`));
}

export function processTerminal(output: NodeJS.WriteStream, error: NodeJS.WriteStream): Terminal {
  const clear = error.isTTY ? "\r\u001b[K" : "";
  return {
    width: output.isTTY ? output.columns : null,
    print: (line) => void output.write(`${printable(line)}\n`),
    write: (bytes) => void output.write(bytes),
    say: (line) => void error.write(`${clear}${printable(line)}\n`),
    progress: (line) => {
      if (error.isTTY) error.write(clear + printable(line).slice(0, (error.columns ?? 80) - 1));
    },
  };
}

/** A terminal nobody looks at, for who builds the program without running it. */
export const silentTerminal: Terminal = {
  width: null,
  print: () => undefined,
  write: () => undefined,
  say: () => undefined,
  progress: () => undefined,
};

/** What no column is cut below. */
const narrowest = 12;
const gap = 2;

/**
 * Columns aligned by their widest cell, the header in capitals. Where they do not fit into `width`, those without a word
 * in them go, and then the widest are cut with ….
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null = null,
): string[] {
  const columns = header.map((title, index) => [title.toUpperCase(), ...rows.map((row) => row[index] ?? "")]);
  const measure = (cells: readonly string[]): number => Math.max(...cells.map((cell) => cell.length));
  const whole = (of: readonly (readonly string[])[]): number =>
    of.reduce((sum, cells) => sum + measure(cells) + gap, -gap);
  const tight = width !== null && whole(columns) > width;
  const shown = tight ? columns.filter(([, ...cells]) => cells.some((cell) => cell !== "" && cell !== "-")) : columns;
  const widths = shown.map(measure);
  for (let excess = tight ? whole(shown) - width : 0; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return [header, ...rows].map((_, line) =>
    shown
      .map((cells, column) => cut(cells[line] ?? "", widths[column] ?? 0).padEnd(widths[column] ?? 0))
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** Shows a list as a table that fits the terminal; an empty one says so in words. */
export function showList(
  terminal: Terminal,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): void {
  if (rows.length === 0) terminal.say(empty);
  else for (const line of table(header, rows, terminal.width)) terminal.print(line);
}

/** Bytes as people write them: 512 MiB, 1.5 GiB. */
export function bytes(count: number | null): string {
  if (count === null) return "-";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Bytes of disks as their makers count them: 480 GB, 1.9 TB. */
export function diskSize(count: number | null): string {
  if (count === null) return "-";
  const steps = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = count === 0 ? 0 : Math.min(steps.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** step;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${steps[step]}`;
}

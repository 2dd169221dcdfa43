/** Where a command writes: people read `say` and `progress` on standard error, programs read `print` on standard output. */
export interface Terminal {
  /** A line of the command's result, on standard output. */
  print(line: string): void;
  /** A line for the person watching, on standard error. */
  say(line: string): void;
  /** One line that is overwritten by the next; shown only on a terminal. */
  progress(line: string): void;
}

export function processTerminal(output: NodeJS.WriteStream, error: NodeJS.WriteStream): Terminal {
  const clear = error.isTTY ? "\r\u001b[K" : "";
  return {
    print: (line) => void output.write(`${line}\n`),
    say: (line) => void error.write(`${clear}${line}\n`),
    progress: (line) => {
      if (error.isTTY) error.write(clear + line.slice(0, (error.columns ?? 80) - 1));
    },
  };
}

/** Columns aligned by their widest cell; the header in capitals. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header.map((cell) => cell.toUpperCase()), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
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

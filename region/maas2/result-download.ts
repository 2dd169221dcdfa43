import { type ScriptSet, type SetResult, type WholeOutput, tar, xz } from "../scripts/index.ts";
import type { Answer } from "./operation.ts";
import { resultFile } from "./result-render.ts";
import { resultTypeWords } from "./script-words.ts";

export const outputKinds = ["combined", "stdout", "stderr", "result", "all"] as const;
export type OutputKind = (typeof outputKinds)[number];
type Named = { name: string; content: Buffer };

function filesOf(result: SetResult, output: WholeOutput, kind: OutputKind): Named[] {
  const { name } = result;
  const all: Record<Exclude<OutputKind, "all">, Named> = {
    combined: { name: `${name}.log`, content: output.combined },
    stdout: { name: `${name}.out`, content: output.out },
    stderr: { name: `${name}.err`, content: output.err },
    result: { name: `${name}.yaml`, content: resultFile(result) },
  };
  return kind === "all" ? Object.values(all) : [all[kind]];
}

/** Runs of one script on several devices have one name: each file gets its own. */
function distinct(files: readonly (Named & { id: number })[]): Named[] {
  const counts = new Map<string, number>();
  for (const { name } of files) counts.set(name, (counts.get(name) ?? 0) + 1);
  return files.map(({ id, name, content }) => ({
    name: (counts.get(name) ?? 0) > 1 ? name.replace(/(\.[a-z]+)$/, `-${id}$1`) : name,
    content,
  }));
}

const titleWidth = 80;
function titled({ name, content }: Named): Buffer {
  const dashes = "-".repeat(Math.max(3, Math.floor((titleWidth - name.length - 2) / 2)));
  return Buffer.concat([Buffer.from(`${dashes} ${name} ${dashes}\n`), content, Buffer.from("\n")]);
}

/** What the runs of a set wrote, as one text (one file as it is, several below lines with their names) or as an archive. */
export function download(
  set: ScriptSet,
  outputs: (id: number) => WholeOutput,
  { kind, archive, now }: { kind: OutputKind; archive: boolean; now: Date },
): Answer {
  const files = distinct(
    set.results.flatMap((result) =>
      filesOf(result, outputs(result.id), kind).map((file) => ({ ...file, id: result.id })),
    ),
  );
  const stem = `${set.machine_id}-${resultTypeWords[set.type].name.toLowerCase()}-${set.id}`;
  if (archive) {
    const entries = files.map(({ name, content }) => ({ name: `${stem}/${name}`, content, mode: 0o644 }));
    return {
      bytes: xz(tar(entries, now)),
      type: "application/x-tar",
      headers: { "content-disposition": `attachment; filename="${stem}.tar.xz"` },
    };
  }
  const [only, ...others] = files;
  const bytes =
    only !== undefined && others.length === 0 ? only.content : Buffer.concat(files.map((file) => titled(file)));
  return { bytes, type: "application/binary" };
}

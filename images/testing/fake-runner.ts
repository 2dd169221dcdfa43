import type { ProcessResult, ProcessRunner } from "../process.ts";

/** A host whose programs are told what to say: answers are tried in order, the first whose pattern matches counts. */
export function scriptedRunner(
  answers: readonly (readonly [RegExp, Partial<ProcessResult> | (() => Promise<Partial<ProcessResult>>)])[],
): ProcessRunner & { readonly commands: string[] } {
  const commands: string[] = [];
  return {
    commands,
    async run(command, args, options) {
      const line = [command, ...args].join(" ");
      commands.push(line);
      const found = answers.find(([pattern]) => pattern.test(line))?.[1];
      if (found === undefined) throw new Error(`a program nobody expected was run: ${line}`);
      const answer = typeof found === "function" ? await found() : found;
      for (const text of answer.lines ?? []) options?.onLine?.(text);
      return { status: answer.status === undefined ? 0 : answer.status, lines: answer.lines ?? [] };
    },
  };
}

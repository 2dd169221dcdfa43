import { execFile } from "node:child_process";

/** Runs a program and answers what it printed; rejects when it fails. Given as an argument so that tests can replace it. */
export type Run = (program: string, args: readonly string[]) => Promise<string>;

/** `Run` on this host, ended after ten seconds, at most 16 MiB of output. */
export const runProgram: Run = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 10_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });

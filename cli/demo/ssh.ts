import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../errors.ts";

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly error: string;
}

/** Runs a program and keeps what it printed; killed after the time-out. */
export function runProgram(argv: readonly string[], timeOutSeconds: number): Promise<Ended> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const kept = { output: "", error: "" };
    const timer = setTimeout(() => child.kill("SIGKILL"), timeOutSeconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (kept.output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (kept.error += text));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ status: code ?? 137, ...kept });
    });
  });
}

export interface SshKey {
  readonly file: string;
  readonly publicText: string;
}

/** A fresh ed25519 key pair in the given folder. */
export async function makeSshKey(folder: string): Promise<SshKey> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "id_ed25519");
  await Promise.all([rm(file, { force: true }), rm(`${file}.pub`, { force: true })]);
  const made = await runProgram(
    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rackwright-demo", "-f", file],
    30,
  );
  if (made.status !== 0)
    throw new CliError(`ssh-keygen failed: ${made.error.trim()}`, "Check that openssh-client is installed.");
  return { file, publicText: (await readFile(`${file}.pub`, "utf8")).trim() };
}

/** The ssh call that logs in as `user`; the host's key is new by nature, so there is nothing to compare it with. */
export function sshArgv(namespace: string, key: SshKey, user: string, address: string, command: string): string[] {
  return [
    "ip",
    "netns",
    "exec",
    namespace,
    "ssh",
    "-i",
    key.file,
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=5",
    "-o",
    "LogLevel=ERROR",
    `${user}@${address}`,
    command,
  ];
}

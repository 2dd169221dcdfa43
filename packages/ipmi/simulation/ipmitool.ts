import { execFile } from "node:child_process";

/** What ipmitool printed and how it ended. */
export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs Debian's ipmitool over lanplus. */
export function ipmitool(
  {
    suite,
    address = "127.0.0.1",
    user,
    password,
    level = "ADMINISTRATOR",
  }: { suite: number; address?: string; user: string; password: string; level?: string },
  ...command: readonly string[]
): Promise<Spoken> {
  const login = ["-I", "lanplus", "-C", String(suite), "-H", address, "-U", user, "-P", password, "-L", level];
  return new Promise((resolve) => {
    execFile("ipmitool", [...login, ...command], { timeout: 30_000 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

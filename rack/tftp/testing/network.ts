import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Two network namespaces joined by one cable: a server at 10.99.0.1 and fd99::1, clients at 10.99.0.2 and fd99::2. */
export interface TestNetwork {
  /** Run a program to its end on the client's side. @throws when it fails */
  client(program: string, args: readonly string[], options?: { cwd?: string; timeoutMs?: number }): Promise<string>;
  /** Start a program on the server's side and wait for its first line, or for `settleMs` when it prints none. */
  server(program: string, args: readonly string[], settleMs?: number): Promise<ServerProgram>;
  /** Drop this share, 0 to 1, of the UDP packets longer than `minLength` bytes at each side's entrance. */
  lose(share: number, minLength?: number): Promise<void>;
  close(): Promise<void>;
}

export interface ServerProgram {
  readonly lines: string[];
  stop(): Promise<void>;
}

export const SERVER_ADDRESS = "10.99.0.1";
export const SERVER_ADDRESS_6 = "fd99::1";

/** Needs root, iproute2 and, for loss, nftables. */
export async function testNetwork(tag: string): Promise<TestNetwork> {
  const name = `rw-tftp-${tag}${process.pid}`;
  const sides = [
    { ns: `${name}-s`, link: `rwt${process.pid}s`, host: 1 },
    { ns: `${name}-c`, link: `rwt${process.pid}c`, host: 2 },
  ] as const;
  const running = new Set<ChildProcess>();
  const ip = (...args: string[]) => run("ip", args);
  const close = async (): Promise<void> => {
    for (const child of running) child.kill("SIGKILL");
    for (const { ns } of sides) await ip("netns", "del", ns).catch(() => undefined);
  };
  try {
    for (const { ns } of sides) await ip("netns", "add", ns);
    const [a, b] = sides;
    await ip("link", "add", "name", a.link, "netns", a.ns, "type", "veth", "peer", "name", b.link, "netns", b.ns);
    for (const { ns, link, host } of sides) {
      await ip("-n", ns, "addr", "add", `10.99.0.${host}/24`, "dev", link);
      await ip("-n", ns, "addr", "add", `fd99::${host}/64`, "dev", link, "nodad");
      await ip("-n", ns, "link", "set", link, "up");
      await ip("-n", ns, "link", "set", "lo", "up");
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    client: async (program, args, { cwd, timeoutMs = 120_000 } = {}) => {
      const all = ["netns", "exec", sides[1].ns, program, ...args];
      return (await run("ip", all, { cwd, timeout: timeoutMs, killSignal: "SIGKILL" })).stdout;
    },
    server: async (program, args, settleMs) => {
      const child = spawn("ip", ["netns", "exec", sides[0].ns, program, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      running.add(child);
      const lines: string[] = [];
      let rest = "";
      child.stdout.on("data", (chunk: Buffer) => {
        rest += chunk.toString();
        const parts = rest.split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts);
      });
      const ended = once(child, "exit");
      if (settleMs === undefined) await Promise.race([once(child.stdout, "data"), ended]);
      else await new Promise((resolve) => setTimeout(resolve, settleMs));
      if (child.exitCode !== null) throw new Error(`${program} ended at once with code ${child.exitCode}`);
      const stop = async (): Promise<void> => {
        child.kill("SIGTERM");
        await ended;
        running.delete(child);
      };
      return { lines, stop };
    },
    lose: async (share, minLength = 0) => {
      for (const { ns } of sides) {
        await run("ip", ["netns", "exec", ns, "nft", "flush", "ruleset"]);
        if (share === 0) continue;
        const rule = `udp length > ${minLength} numgen random mod 1000 < ${Math.round(share * 1000)} drop`;
        const table = `table inet loss { chain input { type filter hook input priority 0; ${rule}; }; }`;
        await run("ip", ["netns", "exec", ns, "nft", table]);
      }
    },
    close,
  };
}

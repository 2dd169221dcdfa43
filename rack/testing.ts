import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Writes an image with these files into a store, as a build does; returns their hashes, in order. */
export async function writeImage(
  store: string,
  name: string,
  kind: string,
  files: Record<string, string | Uint8Array>,
): Promise<string[]> {
  const described = [];
  for (const [role, content] of Object.entries(files)) {
    const sha256 = createHash("sha256").update(content).digest("hex");
    await mkdir(join(store, "sha256", sha256.slice(0, 2)), { recursive: true });
    await writeFile(join(store, "sha256", sha256.slice(0, 2), sha256), content);
    described.push({ role, name: role, sha256, size: Buffer.byteLength(content) });
  }
  await mkdir(join(store, "manifests"), { recursive: true });
  const text = { name, kind, title: name, os: "debian", release: "12", architecture: "amd64", recipe: "0".repeat(64) };
  const manifest = { ...text, builtAt: "2026-01-01T00:00:00.000Z", files: described };
  await writeFile(join(store, "manifests", `${name}.json`), JSON.stringify(manifest));
  return described.map(({ sha256 }) => sha256);
}

/** A request over a Unix socket, JSON both ways. */
export function call(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request({ socketPath, method, path, headers });
    asked.once("error", reject);
    asked.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode !== undefined && answer.statusCode < 300)
          resolve(text === "" ? undefined : JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      });
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Arguments of Node for the region as a process of its own: the rack's side of the house cannot import it. */
export function regionCommand(folder: string, listen: string): string[] {
  const program = fileURLToPath(new URL("../region/main.ts", import.meta.url));
  const [address = "", port = ""] = listen.split(":");
  const places = ["--state", join(folder, "region"), "--images", join(folder, "store"), "--port", port];
  return [program, ...places, "--listen", address, "--rack", `rack1=${join(folder, "secret")}`];
}

/** Waits until something holds; what it throws counts as "not yet". */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  let last: unknown = new Error("it never held");
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within a minute`, { cause: last });
}

/** Resident memory of a process in MiB, now and at its highest (proc(5), VmRSS and VmHWM). */
export async function residentMemory(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

import { spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

/** What a request took and brought. */
export type Answered = { readonly status: number; readonly bytes: number; readonly milliseconds: number };

export type Ask = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Asks once and reads the whole answer without keeping it. */
export function ask({ url, headers }: Ask, agent: Agent): Promise<Answered> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => void (bytes += chunk.length));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, bytes, milliseconds: performance.now() - began }),
      );
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/**
 * Asks once with curl, which reads the answer at the least cost to the processors that write it.
 *
 * @throws Error when it cannot connect
 */
export async function download({ url, headers }: Ask): Promise<Answered> {
  const child = spawn("curl", ["--silent", "--show-error", "--config", "-", "--output", "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const options = [
    `url = "${url}"`,
    `write-out = "%{http_code} %{size_download} %{time_total}"`,
    // Keys are nobody's to read in a list of processes.
    ...Object.entries(headers).map(([name, value]) => `header = ${JSON.stringify(`${name}: ${value}`)}`),
  ];
  child.stdin.end(options.join("\n"));
  const [status = 0, bytes = 0, seconds = 0] = (await text(child.stdout)).split(" ").map(Number);
  if (status === 0) throw new Error(`curl could not read ${url}`);
  return { status, bytes, milliseconds: seconds * 1000 };
}

/**
 * Asks so many times a second for so long, whether or not earlier requests are answered, as independent users do. Times
 * count from when a request was due, so that a server that falls behind cannot hide it.
 *
 * @throws Error when an answer is none of 200
 */
export async function openLoop(asks: readonly Ask[], perSecond: number, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const began = performance.now();
  const pending: Promise<number>[] = [];
  for (let i = 0; i < perSecond * seconds; i++) {
    const due = began + (i * 1000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const chosen = asks[i % asks.length];
    if (chosen === undefined) break;
    const answered = ask(chosen, agent).then(({ status }) => {
      if (status !== 200) throw new Error(`GET ${chosen.url} answered ${status}`);
      return performance.now() - due;
    });
    // A failure is told at the end; until then it is nobody's.
    answered.catch(() => undefined);
    pending.push(answered);
  }
  try {
    return await Promise.all(pending);
  } finally {
    agent.destroy();
  }
}

/** The value below which a share of the values is, such as 0.95. Of none: NaN. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

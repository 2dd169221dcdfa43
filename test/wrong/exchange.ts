import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import type { NetConnectOpts } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** Raw bytes, in base64, to send, and for how long to listen for what comes back. */
export const exchange = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("udp"),
    host: z.string(),
    port: z.int(),
    packets: z.array(z.string()),
    from: z.int().default(0).describe("own port; 0 for any"),
    wait: z.int().describe("milliseconds; a single packet is waited for no longer than until its answer"),
  }),
  z.object({ kind: z.literal("tcp"), host: z.string(), port: z.int(), bytes: z.string(), wait: z.int() }),
]);
export type Exchange = z.input<typeof exchange>;
export const answers = z.array(z.object({ packets: z.array(z.string()), bytes: z.string() }));
export type Answer = z.output<typeof answers>[number];

const most = 4 * 1024 * 1024;

/** Sends bytes over a stream and gathers what comes back until the other side ends or `wait` milliseconds are over. */
export function ask(where: NetConnectOpts, bytes: Uint8Array, wait: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = createConnection(where);
    const timer = setTimeout(() => socket.destroy(), wait);
    socket.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    socket.write(bytes);
  });
}

/** Packets sent without a pause: more would only fill the kernel's own buffer, and be lost there. */
const burst = 8;

async function datagrams({
  host,
  port,
  packets,
  from,
  wait,
}: Extract<z.output<typeof exchange>, { kind: "udp" }>): Promise<string[]> {
  const socket = createSocket("udp4");
  const heard: string[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on("message", (message) => {
      if (heard.length < 1000) heard.push(message.toString("base64"));
      if (packets.length === 1) resolve();
    });
  });
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.bind(from, resolve));
  for (const [at, packet] of packets.entries()) {
    const bytes = Buffer.from(packet, "base64");
    await new Promise<void>((resolve) => socket.send(bytes, port, host, () => resolve()));
    if (at % burst === burst - 1) await sleep(1);
  }
  const over = new AbortController();
  const waited = sleep(wait, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([answered, waited]);
  // Or the timer would keep the program for as long as an answer might have taken.
  over.abort();
  socket.close();
  return heard;
}

export async function carryOut(job: z.output<typeof exchange>): Promise<Answer> {
  if (job.kind === "udp") return { packets: await datagrams(job), bytes: "" };
  const { host, port, bytes, wait } = job;
  return { packets: [], bytes: (await ask({ host, port }, Buffer.from(bytes, "base64"), wait)).toString("base64") };
}

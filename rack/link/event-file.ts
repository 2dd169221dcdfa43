import { appendFile, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type RackEvent, rackEvent } from "@rackwright/contract/rack";

/** Events of one run of the rack that could not be told yet. */
export interface EventFile {
  /** Identity of the run that counted them. */
  readonly boot: string;
  readonly path: string;
}

const pattern = /^events-\d{15}-([0-9a-f-]{36})\.jsonl$/;

/** The name sorts by the time the run began. */
export function eventFile(folder: string, began: Date, boot: string): EventFile {
  return { boot, path: join(folder, `events-${String(began.getTime()).padStart(15, "0")}-${boot}.jsonl`) };
}

/** Files of earlier runs, oldest first. */
export async function listEventFiles(folder: string): Promise<EventFile[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return (await readdir(folder)).sort().flatMap((name) => {
    const boot = pattern.exec(name)?.[1];
    return boot === undefined ? [] : [{ boot, path: join(folder, name) }];
  });
}

export async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

export async function appendEvents(path: string, events: readonly RackEvent[]): Promise<number> {
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  await appendFile(path, text, { mode: 0o600 });
  return Buffer.byteLength(text);
}

/**
 * Whole lines from `offset`, at most `most` events and about `bytes` of text. Lines that are no event, such as one cut
 * short by a power failure, are passed over. `next` is where to read on.
 */
export async function readEvents(path: string, offset: number, most: number, bytes = 1024 * 1024) {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return { events: [], next: offset, end: true };
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, offset);
    const events: RackEvent[] = [];
    let at = 0;
    while (events.length < most) {
      const newline = buffer.subarray(0, bytesRead).indexOf(10, at);
      if (newline < 0) break;
      const event = rackEvent.safeParse(parse(buffer.toString("utf8", at, newline)));
      if (event.success) events.push(event.data);
      at = newline + 1;
    }
    // A rest without a newline is a line cut short, or one longer than any event may be.
    const stuck = at === 0 && bytesRead > 0;
    return { events, next: offset + (stuck ? bytesRead : at), end: bytesRead === 0 };
  } finally {
    await file.close();
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import { randomUUID } from "node:crypto";
import { LinkFailure, type RackEvent, type RackEventInput } from "@rackwright/contract/rack";
import {
  appendEvents,
  eventFile,
  type EventFile,
  fileSize,
  listEventFiles,
  readEvents,
  removeFile,
} from "./event-file.ts";
import type { Log } from "./link.ts";

export interface EventQueueOptions {
  /** Folder for events that wait. */
  readonly folder: string;
  /** Tells the region a batch; resolves with the sequence through which it has them. Rejects while there is no link. */
  readonly report: (boot: string, events: RackEvent[]) => Promise<number>;
  readonly log: Log;
  readonly now?: () => Date;
  readonly limits?: Partial<EventLimits>;
}
export interface EventLimits {
  /** Events in memory; beyond, they are lost and counted. */
  readonly memory: number;
  /** Bytes on the disk; beyond, events are lost and counted. */
  readonly disk: number;
  readonly batch: number;
  /** Milliseconds events are gathered. */
  readonly gather: number;
  /** Milliseconds until the next try after one that failed. */
  readonly retry: number;
}
const defaultLimits: EventLimits = { memory: 20_000, disk: 32 * 1024 * 1024, batch: 500, gather: 100, retry: 1000 };

/** Tries with a batch the region refuses (not: cannot be reached) before it is dropped. */
const refusalLimit = 3;

/**
 * Events on their way to the region: counted, sent in batches, sent again until acknowledged. While no region answers
 * they are kept in a file, which a later run of the rack delivers too. Bounded in memory and on disk.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #limits: EventLimits;
  readonly #now: () => Date;
  readonly #own: EventFile;
  /** Files to deliver, oldest first; the last one may be this run's. */
  #files: EventFile[] = [];
  #offset = 0;
  #onDisk = 0;
  #memory: RackEvent[] = [];
  #sequence = 0;
  #lost = 0;
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #busy = false;
  #stopped = false;

  private constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#now = options.now ?? (() => new Date());
    this.#own = eventFile(options.folder, this.#now(), randomUUID());
  }

  /** Opens the queue with what earlier runs left. */
  static async open(options: EventQueueOptions): Promise<EventQueue> {
    const queue = new EventQueue(options);
    queue.#files = await listEventFiles(options.folder);
    for (const { path } of queue.#files) queue.#onDisk += await fileSize(path);
    if (queue.#files.length > 0) queue.#wake(queue.#limits.gather);
    return queue;
  }

  /** Takes an event. Never throws, never blocks. */
  readonly emit = (event: RackEventInput): void => {
    if (this.#stopped) return;
    if (this.#memory.length >= this.#limits.memory) {
      this.#lost++;
      return;
    }
    this.#memory.push(this.#number(event));
    this.#wake(this.#limits.gather);
  };

  /** Sends what waits as soon as possible: a link stands. */
  linked(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wake(0);
  }

  /** Events not acknowledged that are in memory, and bytes of those on disk. */
  get waiting(): { events: number; bytes: number } {
    return { events: this.#memory.length, bytes: this.#onDisk };
  }

  /** Tries once more to send, then puts the rest on disk. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
    await this.#drain().catch(() => undefined);
    await this.#spill().catch((error: unknown) => this.#options.log.error({ err: error }, "events were lost"));
  }

  #number(event: RackEventInput): RackEvent {
    return {
      level: "info",
      mac: null,
      address: null,
      data: {},
      failure: null,
      ...event,
      message: event.message.slice(0, 2000),
      sequence: this.#sequence++,
      at: this.#now().toISOString(),
    };
  }

  #wake(after: number): void {
    if (this.#stopped || this.#busy || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#busy = true;
      this.#working = this.#work().then((pause) => {
        this.#busy = false;
        if (pause !== undefined) this.#wake(pause);
        return undefined;
      });
    }, after);
  }

  /** Resolves with the pause until there is work again, undefined when all is told. */
  async #work(): Promise<number | undefined> {
    const { log } = this.#options;
    try {
      await this.#drain();
      return this.#memory.length > 0 ? this.#limits.gather : undefined;
    } catch (error) {
      if (!(error instanceof LinkFailure)) log.warn({ error: String(error) }, "events could not be told");
      await this.#spill().catch((cause: unknown) => log.error({ err: cause }, "events stay in memory"));
      return this.#limits.retry;
    }
  }

  /** Sends everything, files first. @throws when a batch was not taken */
  async #drain(): Promise<void> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      const { events, next, end } = await readEvents(file.path, this.#offset, this.#limits.batch);
      if (events.length > 0) await this.#tell(file.boot, events);
      this.#offset = next;
      if (!end) continue;
      this.#files.shift();
      this.#onDisk -= await fileSize(file.path);
      this.#offset = 0;
      await removeFile(file.path);
    }
    while (this.#memory.length > 0) {
      const batch = this.#memory.slice(0, this.#limits.batch);
      await this.#tell(this.#own.boot, batch);
      this.#memory = this.#memory.slice(batch.length);
    }
    this.#confess();
  }

  async #tell(boot: string, events: RackEvent[]): Promise<void> {
    try {
      const through = await this.#options.report(boot, events);
      const last = events.at(-1)?.sequence ?? -1;
      if (through < last) throw new Error(`the region has events through ${through}, not ${last}`);
      this.#refusals = 0;
    } catch (error) {
      if (!(error instanceof LinkFailure) || error.failure.code !== "link-message-invalid") throw error;
      // A batch the region will never take must not hold up all that follow.
      if (++this.#refusals < refusalLimit) throw error;
      this.#refusals = 0;
      this.#lost += events.length;
      this.#options.log.error({ failure: error.failure, events: events.length }, "the region refused events");
    }
  }

  /** Moves the events in memory to the disk, behind those of this run that wait there already. */
  async #spill(): Promise<void> {
    // A copy: what is emitted while the disk is written stays in memory.
    const moved = [...this.#memory];
    if (moved.length === 0) return;
    if (this.#onDisk < this.#limits.disk) {
      this.#onDisk += await appendEvents(this.#own.path, moved);
      if (this.#files.at(-1)?.path !== this.#own.path) this.#files.push(this.#own);
    } else this.#lost += moved.length;
    this.#memory = this.#memory.slice(moved.length);
  }

  /** Tells how many events were lost, once telling is possible again. */
  #confess(): void {
    if (this.#lost === 0 || this.#stopped) return;
    const lost = this.#lost;
    this.#lost = 0;
    const message = `${lost} events of this rack were lost: there was no room for them while no region could take them.`;
    this.emit({ type: "rack.problem", level: "warning", message, data: { lost } });
  }
}

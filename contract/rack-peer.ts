import { z } from "zod";
import { failure, type Failure } from "./failures.ts";
import {
  linkBusy,
  linkHandlerFailed,
  linkLost,
  linkMessageInvalid,
  linkMethodUnknown,
  linkTimeout,
  makeFailure,
} from "./failures/index.ts";
import { linkError, linkRequest, linkResult } from "./rack-link.ts";

/** Methods one side offers to the other: parameters and result of each. */
export type LinkMethods = Readonly<Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>>;
export type LinkHandlers<M extends LinkMethods> = {
  readonly [K in keyof M]: (params: z.output<M[K]["params"]>) => Promise<z.input<M[K]["result"]>>;
};

/** An error whose cause is told as a contract failure; what a call over the link rejects with. */
export class LinkFailure extends Error {
  readonly failure: Failure;
  constructor(told: z.input<typeof failure>) {
    const parsed = failure.parse(told);
    super(parsed.message);
    this.name = "LinkFailure";
    this.failure = parsed;
  }
}

export interface LinkLimits {
  /** Requests of ours that may wait for an answer. */
  readonly outgoing: number;
  /** Requests of theirs that may be in work. */
  readonly incoming: number;
  /** Milliseconds until a call without an answer fails. */
  readonly timeout: number;
}
export const linkLimits: LinkLimits = { outgoing: 1024, incoming: 1024, timeout: 10_000 };

export interface LinkPeerOptions<Offered extends LinkMethods, Called extends LinkMethods> {
  readonly offered: Offered;
  readonly called: Called;
  readonly handlers: LinkHandlers<Offered>;
  readonly send: (text: string) => void;
  /** The other side broke the protocol: the connection must be closed with this reason. */
  readonly violated: (reason: string) => void;
  /** A handler of ours failed with something that is no failure of the contract: a defect worth a log line. */
  readonly defect: (method: string, error: unknown) => void;
  readonly limits?: Partial<LinkLimits>;
}

interface Waiting {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: LinkFailure) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One end of an accepted rack link: typed calls both ways over text frames. Knows no socket: frames come in through
 * `receive`, leave through `send`. Everything received is checked by the contract's schemas.
 */
export class LinkPeer<Offered extends LinkMethods, Called extends LinkMethods> {
  readonly #options: LinkPeerOptions<Offered, Called>;
  readonly #limits: LinkLimits;
  readonly #waiting = new Map<number, Waiting>();
  #working = 0;
  #nextId = 1;
  #closed = false;

  constructor(options: LinkPeerOptions<Offered, Called>) {
    this.#options = options;
    this.#limits = { ...linkLimits, ...options.limits };
  }

  /** Calls a method of the other side. Rejects with {@link LinkFailure}, and only with that. */
  async call<K extends keyof Called & string>(
    method: K,
    params: z.input<Called[K]["params"]>,
    timeout: number = this.#limits.timeout,
  ): Promise<z.output<Called[K]["result"]>> {
    const { called } = this.#options;
    const schema = Object.hasOwn(called, method) ? called[method] : undefined;
    if (schema === undefined) throw new LinkFailure(unknownMethod(method));
    if (this.#closed) throw new LinkFailure(lost);
    if (this.#waiting.size >= this.#limits.outgoing) throw new LinkFailure(busy(method, this.#limits.outgoing));
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new LinkFailure(late(method, timeout)));
      }, timeout);
      this.#waiting.set(id, { method, resolve, reject, timer });
    });
    this.#options.send(JSON.stringify({ id, method, params }));
    const result = schema.result.safeParse(await answer);
    if (!result.success) throw new LinkFailure(unusable(method, z.prettifyError(result.error)));
    // The map of methods ties K to this schema; TypeScript cannot see that through the index.
    return result.data as z.output<Called[K]["result"]>;
  }

  /** Takes one text frame of the other side. */
  receive(text: string): void {
    if (this.#closed) return;
    const message = frame.safeParse(parseJson(text));
    if (!message.success) this.#options.violated("a frame is neither a request nor an answer");
    else if ("method" in message.data) void this.#answer(message.data);
    else this.#settle(message.data);
  }

  /** Ends the peer: every waiting call fails, frames are no longer taken. */
  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new LinkFailure(lost));
    }
    this.#waiting.clear();
  }

  #settle(answer: z.infer<typeof linkResult> | z.infer<typeof linkError>): void {
    const waiting = this.#waiting.get(answer.id);
    // An answer that came after its time-out is no violation.
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if ("error" in answer) waiting.reject(new LinkFailure(answer.error));
    else waiting.resolve(answer.result);
  }

  async #answer(request: z.infer<typeof linkRequest>): Promise<void> {
    if (this.#working >= this.#limits.incoming) {
      this.#options.violated(`more than ${this.#limits.incoming} requests at once`);
      return;
    }
    this.#working++;
    const answer = await this.#handle(request.method, request.params);
    this.#working--;
    if (!this.#closed) this.#options.send(JSON.stringify({ id: request.id, ...answer }));
  }

  async #handle(method: string, params: unknown): Promise<{ result: unknown } | { error: Failure }> {
    const { offered, handlers } = this.#options;
    const schema = Object.hasOwn(offered, method) ? offered[method] : undefined;
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (schema === undefined || handler === undefined) return { error: failure.parse(unknownMethod(method)) };
    const parsed = schema.params.safeParse(params);
    if (!parsed.success) return { error: failure.parse(unusable(method, z.prettifyError(parsed.error))) };
    try {
      return { result: await handler(parsed.data as never) };
    } catch (error) {
      const told = failureOf(error);
      if (told !== undefined) return { error: told };
      this.#options.defect(method, error);
      return { error: failure.parse(defective(method)) };
    }
  }
}

/** The contract failure an error carries: the error itself, its `failure`, or undefined where there is none. */
export function failureOf(error: unknown): Failure | undefined {
  const direct = failure.safeParse(error);
  if (direct.success) return direct.data;
  if (typeof error !== "object" || error === null || !("failure" in error)) return undefined;
  const carried = failure.safeParse(error.failure);
  return carried.success ? carried.data : undefined;
}

const frame = z.union([linkRequest, linkError, linkResult]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const lost = makeFailure(linkLost, "The link between rack and region was lost before the answer came.");
const cut = (text: string): string => text.slice(0, 200);
const unknownMethod = (method: string) =>
  makeFailure(linkMethodUnknown, `The other side of the rack link does not know the method '${cut(method)}'.`);
const busy = (method: string, limit: number) =>
  makeFailure(linkBusy, `'${cut(method)}' was not sent: ${limit} requests wait for an answer already.`);
const late = (method: string, timeout: number) =>
  makeFailure(linkTimeout, `'${cut(method)}' got no answer within ${timeout} ms.`);
const unusable = (method: string, why: string) =>
  makeFailure(linkMessageInvalid, `A message of '${cut(method)}' does not follow the contract: ${why.slice(0, 1500)}`);
const defective = (method: string) =>
  makeFailure(linkHandlerFailed, `The other side of the rack link failed to carry out '${cut(method)}'.`);

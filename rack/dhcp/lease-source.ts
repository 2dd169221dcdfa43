import type {
  LeaseCommitAnswer,
  LeaseCommitRequest,
  LeaseOfferAnswer,
  LeaseOfferRequest,
} from "@rackwright/contract/rack";

/** An address given back by its client, or found taken. */
export interface LeaseReport {
  action: "release" | "decline";
  mac: string;
  subnet_id: number;
  address: string;
}

/**
 * Where addresses come from: the region, asked over the rack link. A refusal is an answer; a rejected promise means that
 * nobody could be asked, and the client then gets no answer and asks again.
 */
export interface LeaseSource {
  /** An address for a client that has none yet. It stays reserved for a short while. */
  offer: (request: LeaseOfferRequest) => Promise<LeaseOfferAnswer>;
  /** Makes the lease; resolves only when it is stored durably. */
  commit: (request: LeaseCommitRequest) => Promise<LeaseCommitAnswer>;
  report: (report: LeaseReport) => Promise<void>;
}

/** The three calls of the rack link, whole batches at a time. Answers come in the order of the requests. */
export interface LeaseLink {
  offer: (requests: LeaseOfferRequest[]) => Promise<LeaseOfferAnswer[]>;
  commit: (requests: LeaseCommitRequest[]) => Promise<LeaseCommitAnswer[]>;
  report: (reports: LeaseReport[]) => Promise<void>;
}

/** How requests are gathered. */
export interface BatchLimits {
  /** How long the first request of a batch waits for company, in milliseconds. */
  waitMilliseconds: number;
  /** A batch is never larger; the contract allows 1000. */
  largest: number;
  /** Batches of one kind on their way at once; while all are, requests gather. */
  inFlight: number;
}

export const defaultBatchLimits: BatchLimits = { waitMilliseconds: 2, largest: 500, inFlight: 3 };

/** A lease source that sends few large batches instead of many single requests, so that PostgreSQL sees big statements. */
export function batchLeases(link: LeaseLink, limits: BatchLimits = defaultBatchLimits): LeaseSource {
  const reports = batched(async (items: LeaseReport[]) => {
    await link.report(items);
    return items.map(() => undefined);
  }, limits);
  // The region picks free addresses under a lock per subnet: batches side by side would only wait for each other.
  const oneByOne = { ...limits, inFlight: 1 };
  return { offer: batched(link.offer, oneByOne), commit: batched(link.commit, limits), report: reports };
}

interface Waiting<Q, A> {
  item: Q;
  resolve: (answer: A) => void;
  reject: (reason: unknown) => void;
}

/** Turns a call for many into a call for one that waits a moment for others. */
export function batched<Q, A>(send: (items: Q[]) => Promise<A[]>, limits: BatchLimits): (item: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  let flying = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0 && flying < limits.inFlight) {
      const batch = waiting.slice(0, limits.largest);
      waiting = waiting.slice(batch.length);
      flying += 1;
      void deliver(send, batch).finally(() => {
        flying -= 1;
        if (waiting.length > 0) flush();
      });
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length >= limits.largest) flush();
      else timer ??= setTimeout(flush, limits.waitMilliseconds);
    });
}

async function deliver<Q, A>(send: (items: Q[]) => Promise<A[]>, batch: Waiting<Q, A>[]): Promise<void> {
  try {
    const answers = await send(batch.map(({ item }) => item));
    if (answers.length !== batch.length)
      throw new Error(`${answers.length} answers for ${batch.length} lease requests came back`);
    for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as A);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

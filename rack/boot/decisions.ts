import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BootDecision, bootDecision, type BootRequest, failureOf } from "@rackwright/contract/rack";

export interface DecisionsOptions {
  /** Asks the region. */
  readonly ask: (request: BootRequest) => Promise<BootDecision>;
  /** Folder in which the last decision of each machine is kept. */
  readonly folder: string;
  /** Milliseconds from any origin, never going back. */
  readonly now?: () => number;
  readonly failed: (error: unknown, what: string) => void;
}

/** Milliseconds an answer is used again: one boot step asks several times. */
const freshMilliseconds = 2000;
/** Answers kept in memory, and machines whose last answer is on disk. */
const mostAnswers = 4096;
/** Failures of a call that mean: the region could not be asked. */
const unreachable = new Set(["link-lost", "link-timeout", "link-busy"]);

/**
 * What a machine boots again for as long as it is told nothing else. Everything else was for one moment: a task in the
 * ephemeral system may have ended since, and needs the region in any case; and a machine that was to be off may have been
 * asked for something just now. Such a machine gets no answer, and its firmware tries again.
 */
const lasting: ReadonlySet<BootDecision["purpose"]> = new Set(["local", "memory"]);

interface Kept {
  readonly at: number;
  readonly answer: Promise<BootDecision>;
}

/** What each network card boots: asked from the region, kept a moment, and what lasts remembered for when no region answers. */
export class Decisions {
  readonly #options: DecisionsOptions;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  /** What is on disk already, by file. */
  readonly #stored = new Map<string, string>();

  constructor(options: DecisionsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @throws what `ask` throws, when there is no earlier answer for this machine to fall back on */
  decide(request: BootRequest): Promise<BootDecision> {
    const { mac, uuid, client, stage, rack_address, architecture } = request;
    const key = JSON.stringify([mac, uuid, client, stage, rack_address, architecture]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#now() - kept.at < freshMilliseconds) return kept.answer;
    this.#kept.delete(key);
    if (this.#kept.size >= mostAnswers) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    const answer = this.#ask(request);
    this.#kept.set(key, { at: this.#now(), answer });
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }

  async #ask(request: BootRequest): Promise<BootDecision> {
    const { ask, failed } = this.#options;
    try {
      const decision = await ask(request);
      await this.#remember(request, decision).catch((error: unknown) => failed(error, "a boot decision was not kept"));
      return decision;
    } catch (error) {
      const remembered = unreachable.has(failureOf(error)?.code ?? "") ? await this.#recall(request) : undefined;
      if (remembered === undefined) throw error;
      return { ...remembered, rule: `${remembered.rule} (as last heard: no region answers now)` };
    }
  }

  /** Only machines that are known: strangers could fill the disk, and cannot get far without a region anyway. */
  async #remember(request: BootRequest, decision: BootDecision): Promise<void> {
    const path = this.#path(request);
    if (path === undefined || decision.machine_id === null) return;
    const text = JSON.stringify(decision);
    if (this.#stored.get(path) === text) return;
    if (this.#stored.size >= mostAnswers) this.#stored.clear();
    this.#stored.set(path, text);
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async #recall(request: BootRequest): Promise<BootDecision | undefined> {
    const path = this.#path(request);
    if (path === undefined) return undefined;
    try {
      const last = bootDecision.parse(JSON.parse(await readFile(path, "utf8")));
      return lasting.has(last.purpose) ? last : undefined;
    } catch {
      return undefined;
    }
  }

  #path({ mac }: BootRequest): string | undefined {
    return mac === null ? undefined : join(this.#options.folder, `${mac.replaceAll(":", "")}.json`);
  }
}

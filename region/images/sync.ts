import { imageIncomplete, imageManifestInvalid, makeFailure } from "@rackwright/contract";
import type { Failure, ImageManifest } from "@rackwright/contract";
import type { Clock } from "../clock.ts";
import { type Database, json, type Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import type { Log } from "../log.ts";
import { notifyRacks } from "../racks/notify.ts";
import { fileProblems, readManifests, storeState } from "./store.ts";

export type ImageSyncOptions = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Folder of the image store. */
  readonly store: string;
  /** Milliseconds between two looks at the folder of manifests. */
  readonly every?: number;
};

export type SyncOutcome = { registered: string[]; removed: string[]; problems: Failure[] };

/** Keeps the table of images equal to the manifests of the image store. */
export class ImageSync {
  readonly #options: ImageSyncOptions;
  /** Images whose manifests this process has seen: only these may vanish without being asked. */
  readonly #seen = new Set<string>();
  /** Problems told, so that each is told once. */
  #told = new Set<string>();
  #state = "";
  #working: Promise<unknown> = Promise.resolve();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ImageSyncOptions) {
    this.#options = options;
  }

  /** Folder of the image store. */
  get store(): string {
    return this.#options.store;
  }

  /** Whether the store is being read at the moment. */
  get busy(): boolean {
    return this.#running > 0;
  }

  /** Registers what is there and then watches for changes. */
  async start(): Promise<SyncOutcome> {
    const outcome = await this.sync();
    this.#timer = setInterval(() => void this.#look(), this.#options.every ?? 5000);
    return outcome;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  /**
   * Reads the store once: registers manifests that are new or changed, removes images without one.
   * @param verify reads every file again and compares its content with its name
   */
  sync({ verify = false, prune = false }: { verify?: boolean; prune?: boolean } = {}): Promise<SyncOutcome> {
    this.#running += 1;
    const run = this.#working.then(() => this.#sync(verify, prune)).finally(() => (this.#running -= 1));
    this.#working = run.catch(() => undefined);
    return run;
  }

  async #look(): Promise<void> {
    try {
      if ((await storeState(this.#options.store)) !== this.#state) await this.sync();
    } catch (error) {
      this.#options.log.error({ err: error }, "the image store could not be read");
    }
  }

  async #sync(verify: boolean, prune: boolean): Promise<SyncOutcome> {
    const { db, store } = this.#options;
    this.#state = await storeState(store);
    const good: ImageManifest[] = [];
    const problems: Failure[] = [];
    for (const found of await readManifests(store)) {
      if ("problem" in found) problems.push(unusable(found.file, found.problem));
      else {
        const wrong = await fileProblems(store, found.manifest, verify ? "sha256" : "size");
        if (wrong.length === 0) good.push(found.manifest);
        else problems.push(incomplete(found.manifest.name, wrong));
        this.#seen.add(found.manifest.name);
      }
    }
    const outcome = await db.transaction().execute(async (tx) => {
      const registered = await register(tx, good);
      const gone = prune ? undefined : [...this.#seen];
      const removed = await removeOthers(tx, new Set(good.map(({ name }) => name)), gone);
      if (registered.length + removed.length > 0) await notifyRacks(tx);
      return { registered, removed };
    });
    await this.#tell(problems);
    return { ...outcome, problems };
  }

  async #tell(problems: readonly Failure[]): Promise<void> {
    for (const failure of problems) {
      if (this.#told.has(JSON.stringify(failure))) continue;
      const { message } = failure;
      await appendEvent(this.#options.db, { type: "image.problem", level: "error", actor: "region", message, failure });
    }
    this.#told = new Set(problems.map((failure) => JSON.stringify(failure)));
  }
}

async function register(tx: Transaction, manifests: readonly ImageManifest[]): Promise<string[]> {
  const rows = await tx.selectFrom("images").selectAll().forUpdate().execute();
  const known = new Map(rows.map((row) => [`${row.name} ${row.architecture}`, row]));
  const registered: string[] = [];
  for (const { builtAt, files, ...manifest } of manifests) {
    const old = known.get(`${manifest.name} ${manifest.architecture}`);
    const values = { ...manifest, built_at: new Date(builtAt), files: json(files) };
    const same =
      old !== undefined &&
      Object.entries(manifest).every(([key, value]) => old[key as keyof typeof manifest] === value) &&
      old.built_at.getTime() === values.built_at.getTime() &&
      JSON.stringify(old.files.map(fileText)) === JSON.stringify(files.map(fileText));
    if (same) continue;
    await tx
      .insertInto("images")
      .values(values)
      .onConflict((conflict) => conflict.columns(["name", "architecture"]).doUpdateSet(values))
      .execute();
    const message = `Image ${manifest.name} (${manifest.title}) is ${old === undefined ? "registered" : "renewed"}.`;
    const data = { image: manifest.name, architecture: manifest.architecture, kind: manifest.kind };
    await appendEvent(tx, { type: "image.registered", actor: "region", message, data });
    registered.push(manifest.name);
  }
  return registered;
}

const fileText = (file: ImageManifest["files"][number]): string =>
  `${file.role} ${file.name} ${file.sha256} ${file.size}`;

/** Removes rows of images that are not in `kept`; `among` limits it to these names. */
async function removeOthers(tx: Transaction, kept: ReadonlySet<string>, among: readonly string[] | undefined) {
  const rows = await tx.selectFrom("images").select("name").execute();
  const gone = rows
    .map(({ name }) => name)
    .filter((name) => !kept.has(name) && (among === undefined || among.includes(name)));
  if (gone.length > 0) await tx.deleteFrom("images").where("name", "in", gone).execute();
  return gone;
}

const unusable = (file: string, why: string): Failure =>
  makeFailure(imageManifestInvalid, `The image manifest ${file.slice(0, 200)} cannot be used: ${why.slice(0, 1500)}.`);

const incomplete = (name: string, problems: string[]): Failure =>
  makeFailure(
    imageIncomplete,
    `Image ${name} cannot be used: ${problems[0]}${problems.length > 1 ? ` and ${problems.length - 1} more` : ""}.`,
    problems,
  );

import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram, CliError } from "@rackwright/cli";
import { testDatabase } from "../../region/database/testing.ts";
import type { Database } from "../../region/database/pool.ts";
import { noLog } from "../../region/log.ts";
import { startRegion } from "../../region/region.ts";
import { writeImage, writeSmallImages } from "../wrong/images.ts";

/** What a command did: its lines, what it told the person, and how it ended. */
export interface Ran {
  readonly lines: readonly string[];
  readonly said: readonly string[];
  /** As `rackwright` exits. */
  readonly status: number;
  readonly error: string;
  readonly next: string;
}

/** A region whose BMCs obey at once, and the command line that speaks to it. */
export interface CliSite extends AsyncDisposable {
  readonly db: Database;
  /** The state folder, as `--state` takes it. */
  readonly state: string;
  readonly url: string;
  readonly run: (...words: string[]) => Promise<Ran>;
  /** As `run`, in another environment than one that names this site. */
  readonly runWith: (environment: Record<string, string>, ...words: string[]) => Promise<Ran>;
}

/** Starts a region on a database of its own. */
export async function openCliSite(): Promise<CliSite> {
  const stack = new AsyncDisposableStack();
  try {
    const { db, url: database, close } = await testDatabase();
    stack.defer(close);
    const state = await mkdtemp(join(tmpdir(), "rw-cli-"));
    stack.defer(() => rm(state, { recursive: true, force: true }));
    await chmod(state, 0o755);
    const images = join(state, "images");
    await writeSmallImages(images);
    await writeImage(images, "debian-12", "deployable", { squashfs: "root" });
    const region = await startRegion({
      state: join(state, "region"),
      database,
      images,
      port: 0,
      listen: "127.0.0.1",
      web: images,
      agent: "none",
      log: noLog,
      power: { perform: ({ action }) => Promise.resolve({ state: action === "off" ? "off" : "on" }) },
    });
    stack.defer(() => region.stop());
    return {
      db,
      state,
      url: `http://127.0.0.1:${region.port}`,
      run: (...words) => run(words, { RACKWRIGHT_STATE: state }),
      runWith: (environment, ...words) => run(words, environment),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function run(words: readonly string[], environment: Record<string, string>): Promise<Ran> {
  const lines: string[] = [];
  const said: string[] = [];
  const terminal = {
    width: null,
    print: (line: string) => void lines.push(line),
    write: (bytes: Uint8Array) => void lines.push(Buffer.from(bytes).toString("utf8")),
    say: (line: string) => void said.push(line),
    progress: () => undefined,
  };
  const program = buildProgram({ terminal, environment, interrupted: new AbortController().signal });
  const ended = (status: number, error: string, next: string): Ran => ({ lines, said, status, error, next });
  try {
    await program.parseAsync([...words], { from: "user" });
    return ended(0, "", "");
  } catch (error) {
    if (error instanceof CliError) return ended(error.exitCode, error.message, error.next);
    // The parser's own refusals.
    if (error instanceof Error && error.name === "CommanderError") return ended(2, error.message, "");
    throw error;
  }
}

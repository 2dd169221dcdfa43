import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentReport, AgentTask, ScriptRun } from "@rackwright/contract";
import { realWorld } from "../world.ts";
import type { World } from "../world.ts";
import type { ScriptContext } from "./context.ts";
import { packageInstaller } from "./packages.ts";
import { startProcess } from "./process.ts";
import type { ScriptTask } from "./index.ts";

type ScriptReport = Extract<AgentReport, { kind: "script" }>;

/** Scripts of a test, run on this host by the real runner, with what was reported of them. */
export interface ScriptBench extends AsyncDisposable {
  readonly context: ScriptContext;
  readonly folder: string;
  /** A run of this text, as the region would ask for it. */
  run(name: string, text: string, rest?: Partial<ScriptRun>): ScriptRun;
  task(...scripts: ScriptRun[]): ScriptTask;
  /** The tasks the region gives when it is asked again; the last one for ever. */
  readonly tasks: AgentTask[];
  /** The stages of a run, in order. */
  statuses(run: ScriptRun): string[];
  /** How a run ended. */
  ending(run: ScriptRun): Omit<ScriptReport, "sequence" | "at"> | undefined;
  /** The pieces of a stream as they were sent. */
  pieces(run: ScriptRun, stream: "out" | "err"): { offset: number; data: Buffer }[];
  output(run: ScriptRun, stream?: "out" | "err"): string;
  /** What the region was told, one word or two each, in order. */
  readonly told: string[];
  stop(): void;
}

/** Makes a bench below the system's folder for temporary files. `world` changes what programs find out. */
export async function scriptBench(changes: Partial<World> = {}): Promise<ScriptBench> {
  const folder = await mkdtemp(join(tmpdir(), "rw-scripts-"));
  const texts = new Map<string, Buffer>();
  const reports: Parameters<ScriptContext["reporter"]["send"]>[0][] = [];
  const stop = new AbortController();
  const world = { ...realWorld(), ...changes };
  const told: string[] = [];
  const tasks: AgentTask[] = [];
  let made = 0;
  const context: ScriptContext = {
    world,
    rack: {
      url: "http://rack.test:5248",
      task: async () =>
        (tasks.length > 1 ? tasks.shift() : tasks[0]) ?? { kind: "poweroff", system_id: "abc234", reason: "" },
      script: async (sha256) => {
        const text = texts.get(sha256);
        if (text === undefined) throw new Error("404 no such script");
        return text;
      },
    },
    reporter: {
      send: (report) => {
        reports.push(report);
        if (report.kind === "script") told.push(`${report.result_id} ${report.status}`);
      },
      drain: async () => void told.push("drained"),
      step: async (_step, _title, work) => work(() => undefined),
    },
    folder,
    environment: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder },
    installer: packageInstaller(world),
    start: startProcess,
    graceSeconds: 0.2,
    pieceMilliseconds: 20,
    signal: stop.signal,
    stopping: async () => false,
  };
  const bench: ScriptBench = {
    context,
    folder,
    tasks,
    told,
    run: (name, text, rest = {}) => {
      const bytes = Buffer.from(text);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      texts.set(sha256, bytes);
      return {
        result_id: ++made,
        name,
        type: "testing",
        sha256,
        size: bytes.length,
        hardware_type: "node",
        parallel: "any",
        timeout_seconds: 60,
        arguments: [],
        packages: {
          apt: [],
          snap: [],
          url: [],
        },
        may_reboot: false,
        apply_configured_networking: false,
        started: false,
        ...rest,
      };
    },
    task: (...scripts) => ({ kind: "test", system_id: "abc234", scripts, network: null, afterwards: "poweroff" }),
    statuses: (run) =>
      reports.flatMap((report) =>
        report.kind === "script" && report.result_id === run.result_id ? [report.status] : [],
      ),
    ending: (run) =>
      reports.filter((report) => report.kind === "script").findLast((one) => one.result_id === run.result_id),
    pieces: (run, stream) =>
      reports.flatMap((report) =>
        report.kind === "output" && report.result_id === run.result_id && report.stream === stream
          ? [{ offset: report.offset, data: Buffer.from(report.data, "base64") }]
          : [],
      ),
    output: (run, stream = "out") => Buffer.concat(bench.pieces(run, stream).map(({ data }) => data)).toString("utf8"),
    stop: () => stop.abort(),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

import { randomBytes } from "node:crypto";
import type { ScriptRun, ScriptStatus } from "@rackwright/contract";
import { commandLine, runtimeOf } from "./arguments.ts";
import { takeBmcSettings } from "./bmc-settings.ts";
import type { ScriptContext } from "./context.ts";
import { DeviceMissing, presentDevices } from "./devices.ts";
import { outputStream } from "./output.ts";
import { PackagesFailed } from "./packages.ts";
import type { ProcessEnd } from "./process.ts";
import { ResultFileRefused, workFolder } from "./work-folder.ts";
import type { WorkFolder } from "./work-folder.ts";

/** Seconds beyond its `runtime` parameter that a script has to end by itself. */
const runtimeGrace = 60;

type Ending = {
  status: ScriptStatus;
  exit_status?: number;
  runtime?: number;
  error?: string;
  result?: string;
};

/**
 * Runs one script and reports every stage of it. Whatever goes wrong becomes its result: nothing is thrown, and other
 * scripts go on. `networkProblem`: why the network it wants could not be had.
 */
export async function runScript(context: ScriptContext, run: ScriptRun, networkProblem: string | null): Promise<void> {
  const report = ({ error, ...ending }: Ending): void =>
    context.reporter.send({
      kind: "script",
      result_id: run.result_id,
      ...ending,
      ...(error !== undefined && { error: oneLine(error) }),
    });
  if (networkProblem !== null) {
    report({ status: "failed applying network configuration", error: networkProblem });
    return;
  }
  let folder: WorkFolder | null = null;
  try {
    const text = await context.rack.script(run.sha256, run.size);
    folder = await workFolder(context.folder, run.result_id, text);
    if (await context.installer.lacks(run.packages)) {
      report({ status: "installing dependencies" });
      await context.installer.install(run.packages, folder.downloads);
    }
    const argv = [folder.script, ...commandLine(await presentDevices(context.world, run.arguments))];
    report({ status: "running" });
    // The region must know that it ran before the machine may be gone.
    if (run.may_reboot) await context.reporter.drain();
    const end = await carryOut(context, run, folder, argv);
    if (context.signal.aborted) return;
    if (run.may_reboot && (await context.stopping())) await foreverBut(context.signal);
    else report(await endingOf(context, run, folder, end));
  } catch (error) {
    if (error instanceof PackagesFailed) tellWhy(context, run, error);
    report(failureOf(error));
  } finally {
    await folder?.remove();
  }
}

/** Runs the process with its streams on their way to the region. */
async function carryOut(
  context: ScriptContext,
  run: ScriptRun,
  folder: WorkFolder,
  argv: readonly string[],
): Promise<ProcessEnd> {
  const streams = {
    out: outputStream((offset, data) => piece(context, run, "out", offset, data)),
    err: outputStream((offset, data) => piece(context, run, "err", offset, data)),
  };
  const timer = setInterval(() => Object.values(streams).forEach((stream) => stream.tick()), context.pieceMilliseconds);
  const mark = `RACKWRIGHT_RUN=${run.result_id}-${randomBytes(8).toString("hex")}`;
  const runtime = runtimeOf(run.arguments);
  try {
    return await context.start(argv, {
      environment: environmentOf(context, run, folder, mark),
      folder: folder.downloads,
      timeoutSeconds:
        run.timeout_seconds === 0 || runtime === null ? run.timeout_seconds : run.timeout_seconds + runtimeGrace,
      graceSeconds: context.graceSeconds,
      mark,
      signal: context.signal,
      output: (stream, chunk) => {
        streams[stream].write(chunk);
        folder.write(stream, chunk);
      },
    });
  } finally {
    clearInterval(timer);
    streams.out.end();
    streams.err.end();
  }
}

function piece(context: ScriptContext, run: ScriptRun, stream: "out" | "err", offset: number, data: Buffer): void {
  context.reporter.send({ kind: "output", result_id: run.result_id, stream, offset, data: data.toString("base64") });
}

/** Everything a script finds in its environment. BMC_CONFIG_PATH only where what it says is taken. */
function environmentOf(
  context: ScriptContext,
  run: ScriptRun,
  folder: WorkFolder,
  mark: string,
): Record<string, string> {
  const { BMC_CONFIG_PATH = "", ...paths } = folder.environment;
  const [name = "", value = ""] = mark.split("=");
  return {
    ...context.environment,
    ...paths,
    ...(takesBmcSettings(run) && { BMC_CONFIG_PATH }),
    RUNTIME: String(runtimeOf(run.arguments) ?? run.timeout_seconds),
    HAS_STARTED: run.started ? "True" : "False",
    RACKWRIGHT_RACK_URL: context.rack.url,
    [name]: value,
  };
}

const takesBmcSettings = (run: ScriptRun): boolean => run.type === "commissioning" && run.parallel === "disabled";

async function endingOf(context: ScriptContext, run: ScriptRun, folder: WorkFolder, end: ProcessEnd): Promise<Ending> {
  const ended = { exit_status: end.status, runtime: Math.round(end.seconds * 1000) / 1000 };
  if (end.ended === "not started") {
    const error = `The script could not be started: the interpreter its first line names is missing or no program (${end.problem}).`;
    return { status: "failed", ...ended, error };
  }
  const file = await taken(folder);
  const result = file.result === null ? {} : { result: file.result };
  if (end.ended === "time-out") {
    const error = `It was stopped after ${Math.round(end.seconds)} s${end.problem === null ? "" : `; ${end.problem}`}.`;
    return { status: "timed out", ...ended, ...result, error };
  }
  if (file.refused !== null) return { status: "failed", ...ended, error: file.refused };
  if (takesBmcSettings(run) && end.status === 0) await takeBmcSettings(context, folder);
  return { status: end.status === 0 ? "passed" : "failed", ...ended, ...result };
}

async function taken(folder: WorkFolder): Promise<{ result: string | null; refused: string | null }> {
  try {
    return { result: await folder.result(), refused: null };
  } catch (error) {
    if (error instanceof ResultFileRefused) return { result: null, refused: error.message };
    throw error;
  }
}

function failureOf(error: unknown): Ending {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PackagesFailed) return { status: "failed installing dependencies", error: message };
  if (error instanceof DeviceMissing) return { status: "failed", error: message };
  return { status: "failed", error: `The script could not be run: ${message}` };
}

/** The lines of the program that failed to install something, as the error output of the script that wanted it. */
function tellWhy(context: ScriptContext, run: ScriptRun, error: PackagesFailed): void {
  const text = Buffer.from(`${error.evidence.join("\n")}\n`);
  if (error.evidence.length > 0) piece(context, run, "err", 0, text.subarray(0, 60_000));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").slice(0, 2000);
}

/** The machine is on its way down: this run goes on after the reboot, so there is no result to tell now. */
function foreverBut(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  });
}

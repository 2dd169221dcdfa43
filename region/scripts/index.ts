export { loadBuiltins } from "./builtin.ts";
export { concludeScripts, runningType } from "./conclude.ts";
export { keepResult } from "./foreign.ts";
export { scriptsArchive } from "./maas-scripts.ts";
export { readOutput } from "./output-read.ts";
export { adaptScripts } from "./adapt.ts";
export { changeFields, deleteScript, revertScript, updateScript } from "./change.ts";
export { secondsOf } from "./header-fields.ts";
export { type WholeOutput, readOutputs } from "./output-batch.ts";
export { requireJudge, requireReadable } from "./results.ts";
export {
  type ScriptSet,
  type SetFilter,
  type SetResult,
  deleteSet,
  listSets,
  missingSet,
  suppressResults,
} from "./set-list.ts";
export { type Change, createScript, replaceText } from "./store.ts";
export { tar } from "./tar.ts";
export { xz } from "./xz.ts";
export { prepareScripts } from "./prepare.ts";
export type { ScriptWish } from "./prepare.ts";
export { agentRestarted, takeScriptReports } from "./report.ts";
export { registerResultRoutes } from "./result-routes.ts";
export { registerScriptRoutes } from "./routes.ts";
export { endScripts, pendingScripts, scriptText, scriptsVerdict, testsPending } from "./runs.ts";
export { takeScriptSignal } from "./signal.ts";
export type { ScriptSignal } from "./signal.ts";
export { sweepScripts } from "./sweep.ts";

import type { ResultType } from "@rackwright/contract";
import { z } from "zod";
import { NotFound } from "../errors.ts";
import {
  type ScriptSet,
  type SetFilter,
  deleteSet,
  listSets,
  readOutputs,
  requireJudge,
  requireReadable,
  suppressResults,
} from "../scripts/index.ts";
import { byOf, callerOf, matching, noMatch } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, flag, text } from "./parameters.ts";
import { download, outputKinds } from "./result-download.ts";
import { renderSet } from "./result-render.ts";
import { currentType, hardwareParameter, resultTypeParameter } from "./script-words.ts";

const model = "ScriptSet";

/** Anything said means yes, also `false`. */
const include_output = text("With what the scripts wrote, in base64.", 100)
  .transform((word) => word !== "")
  .optional();
const filters = {
  hardware_type: hardwareParameter("Only results about this kind of hardware.").optional(),
  filters: text("Only results of these scripts or tags, or with these numbers, with commas between.").optional(),
};
type Given = { hardware_type?: SetFilter["hardware_type"]; filters?: string | undefined };
const filterOf = ({ hardware_type, filters: words = "" }: Given): SetFilter => ({
  hardware_type,
  words: words.split(",").flatMap((word) => word.trim() || []),
});

/** The machine in the path, whose results the caller may read. */
async function machineOf(call: Call): Promise<string> {
  const id = call.path["system_id"] ?? "";
  await requireReadable(call.db, id, callerOf(call)).catch((error: unknown) => {
    throw error instanceof NotFound ? noMatch("Node") : error;
  });
  return id;
}

/** The set in the path: a number, or `current-testing` for the newest of a type. */
async function setOf(call: Call, filter: SetFilter = {}): Promise<ScriptSet> {
  const machine = await machineOf(call);
  const word = call.path["id"] ?? "";
  const which: number | ResultType | undefined = /^[0-9]{1,15}$/.test(word) ? Number(word) : currentType(word);
  if (which === undefined) throw noMatch(model);
  const [set] = await listSets(call.db, machine, filter, which);
  if (set === undefined) throw noMatch(model);
  return set;
}

async function render(call: Call, set: ScriptSet, output = false) {
  return renderSet(
    set,
    output
      ? await readOutputs(
          call.db,
          set.results.map(({ id }) => id),
        )
      : undefined,
  );
}

/** With outputs set by set: those of all of them together may be more than fits into memory. */
async function* rendered(call: Call, sets: readonly ScriptSet[], output: boolean): AsyncGenerator {
  for (const set of sets) yield await render(call, set, output);
}

/** `nodes/{system_id}/results/`. */
export const resultResources: readonly Resource[] = [
  {
    handler: "NodeScriptResultsHandler",
    path: "nodes/{system_id}/results/",
    doc: "Read the results of scripts on a machine.",
    operations: {
      GET: operation({
        access: "user",
        title: "List sets of scripts that ran on a machine, with their results.",
        parameters: z.object({
          type: resultTypeParameter("Only sets of this type.").optional(),
          include_output,
          ...filters,
        }),
        run: async (call, { type, include_output: output = false, ...rest }) => {
          const machine = await machineOf(call);
          if (type === null) return { json: [] };
          const sets = await listSets(call.db, machine, { ...filterOf(rest), type });
          return { items: rendered(call, sets, output) };
        },
      }),
    },
  },
  {
    handler: "NodeScriptResultHandler",
    path: "nodes/{system_id}/results/{id}/",
    doc: "Manage one set of scripts that ran on a machine: by number, or `current-commissioning`, `current-testing`, `current-installation`.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read the results of a set.",
        parameters: z.object({ include_output, ...filters }),
        run: async (call, { include_output: output = false, ...rest }) => ({
          json: await render(call, await setOf(call, filterOf(rest)), output),
        }),
      }),
      PUT: operation({
        access: "user",
        title: "Let failures of a set not count, or count again.",
        parameters: z.object({ suppressed: flag("Whether failures do not count."), include_output, ...filters }),
        run: async (call, { suppressed, include_output: output = false, ...rest }) => {
          const filter = filterOf(rest);
          const { id, machine_id, results } = await setOf(call, filter);
          await call.db.transaction().execute(async (tx) => {
            await requireJudge(tx, machine_id, callerOf(call));
            await suppressResults(tx, results, suppressed, byOf(call));
          });
          const [set] = await listSets(call.db, machine_id, filter, id);
          if (set === undefined) throw noMatch(model);
          return { json: await render(call, set, output) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a set with its results.",
        parameters: z.object({}),
        run: async (call) => {
          const { id, machine_id } = await setOf(call);
          await matching(
            model,
            call.db.transaction().execute((tx) => deleteSet(tx, machine_id, id, byOf(call))),
          );
          return { status: 204 };
        },
      }),
      "GET download": operation({
        access: "user",
        title: "Read what the scripts of a set wrote, as text or as an archive.",
        parameters: z.object({
          ...filters,
          output: choice("Which output.", outputKinds).default("combined"),
          filetype: choice("Text or an archive.", ["txt", "tar.xz"]).default("txt"),
        }),
        run: async (call, { output: kind, filetype, ...rest }) => {
          const set = await setOf(call, filterOf(rest));
          const outputs = await readOutputs(
            call.db,
            set.results.map(({ id }) => id),
          );
          return download(set, outputs, { kind, archive: filetype === "tar.xz", now: call.clock.now() });
        },
      }),
    },
  },
];

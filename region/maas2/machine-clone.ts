import { z } from "zod";
import { InputError, RegionError } from "../errors.ts";
import { copySetup } from "../machines/copy-setup.ts";
import { mayOperate, mayView } from "../users/access.ts";
import { callerOf } from "./common.ts";
import { byCaller } from "./machine-call.ts";
import { type Operation, operation } from "./operation.ts";
import { flag, text } from "./parameters.ts";

const parameters = z.object({
  source: text("System id of the machine whose configuration is copied.", 100),
  destinations: z
    .array(z.string().max(100))
    .min(1)
    .max(500)
    .describe("System ids of the machines that are set up like it.")
    .meta({ type: "String", list: true }),
  interfaces: flag("Copy the network configuration.").default(false),
  storage: flag("Copy the storage configuration.").default(false),
});

/** `machines/?op=clone`: sets machines up as another one is. All that stands against it is told at once. */
export const cloneOperation: Operation = operation({
  access: "user",
  title: "Sets the network or storage of machines up as those of another one.",
  parameters,
  run: async (call, { source, destinations, interfaces, storage }) => {
    if (!interfaces && !storage)
      throw InputError.field("__all__", undefined, "Either storage or interfaces must be true.");
    const caller = callerOf(call);
    const rows = await call.db
      .selectFrom("machines")
      .select(["id", "pool_id", "owner_id"])
      .where("id", "in", [source, ...destinations])
      .execute();
    const from = rows.find(({ id }) => id === source);
    const problems: { field: string; allowed: string }[] = [];
    if (from === undefined || !mayView(caller, from))
      problems.push({ field: "source", allowed: `Machine ${source} does not exist.` });
    for (const id of destinations) {
      const found = rows.find((row) => row.id === id);
      if (found === undefined || !mayOperate(caller, found))
        problems.push({ field: "destinations", allowed: `Machine ${id} does not exist, or is not yours to change.` });
    }
    if (problems.length === 0)
      for (const to of new Set(destinations)) {
        try {
          await copySetup(call.db, { from: source, to, interfaces, storage }, byCaller(call));
        } catch (error) {
          if (!(error instanceof RegionError)) throw error;
          const why = error.failures?.map(({ field, allowed }) => `${field}: ${allowed}`).join("; ") ?? error.message;
          problems.push({ field: "destinations", allowed: `Machine ${to}: ${why}` });
        }
      }
    if (problems.length > 0)
      throw new InputError(problems.map(({ allowed }) => allowed).join(" "), { failures: problems });
    return { status: 204 };
  },
});

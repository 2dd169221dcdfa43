import type { ResultType, ScriptStatus } from "@rackwright/contract";
import type { ResultRow } from "./machine-rows.ts";
import { aggregate } from "./result-status.ts";

/** Kinds of results by MAAS's names: of which set, and about what hardware (undefined: all of it). */
const resultKinds = (
  [
    ["commissioning", "commissioning"],
    ["testing", "testing"],
    ["cpu_test", "testing", "cpu"],
    ["memory_test", "testing", "memory"],
    ["network_test", "testing", "network"],
    ["storage_test", "testing", "storage"],
    ["other_test", "testing", "node"],
    ["interface_test", "testing", "network"],
  ] satisfies [string, ResultType, string?][]
).map(([name, type, hardware]) => ({ code: `${name}_status`, name: `${name}_status_name`, type, hardware }));

/** Numbers of the newest results, and how each kind of them stands. */
export function resultFields(results: readonly ResultRow[]): Record<string, number | string | null> {
  const newest = (wanted: ResultType): number | null => results.find(({ type }) => type === wanted)?.id ?? null;
  const fields: Record<string, number | string | null> = {
    current_commissioning_result_id: newest("commissioning"),
    current_testing_result_id: newest("testing"),
    current_installation_result_id: newest("installation"),
  };
  for (const { code, name, type, hardware } of resultKinds) {
    const found: ScriptStatus[] = [];
    for (const one of results)
      if (one.type === type && one.statuses !== null && (hardware === undefined || one.hardware === hardware))
        found.push(...one.statuses);
    const words = aggregate(found);
    fields[code] = words.code;
    fields[name] = words.name;
  }
  return fields;
}

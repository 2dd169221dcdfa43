import { glob } from "node:fs/promises";
import { join } from "node:path";

const workspaces = "{packages/*,contract,region,rack,agent,cli,lab,images,bench,test,web}";

/** Kinds of tests, told apart by file name. */
export const groupNames = ["static", "unit", "medium", "large", "clients"] as const;
export type GroupName = (typeof groupNames)[number];

const kinds = ["medium", "large", "clients"] as const;

/** The test files of a group, in order of name. `medium` needs PostgreSQL, `large` namespaces, foreign programs, QEMU,
 * `clients` the Python package index as well. */
export async function filesOf(home: string, group: Exclude<GroupName, "static">): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(`${workspaces}/**/*.test.ts`, {
    cwd: home,
    exclude: (name) => name === "node_modules",
  })) {
    const kind = kinds.find((name) => path.endsWith(`.${name}.test.ts`)) ?? "unit";
    if (kind === group) found.push(join(home, path));
  }
  return found.sort();
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type MachineStatus, machineStatuses } from "@rackwright/contract";
import { type Deadlines, deadlines } from "../settings/settings.ts";
import { type Rule, type Trigger, isTimed, lifecycle, triggersIn } from "./lifecycle.ts";
import { passing } from "./rules.ts";

/** Where the page is kept in the repository. */
export const lifecyclePage = join(import.meta.dirname, "../../docs/reference/life-cycle.md");

const nameOf = (status: MachineStatus): string => status.replaceAll(" ", "_");
const may = { administrator: "an administrator", user: "any user", owner: "its owner", world: "" } as const;

/** The words for where a rule leads. */
function leads({ to }: Rule, from: MachineStatus): string {
  if (to === "same") return from;
  if (to === "held") return "deployed, allocated or ready: what it was given for";
  return typeof to === "string" ? to : "what it was before";
}

function duration(seconds: number): string {
  const units = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ] as const;
  const [size, unit] = units.find(([one]) => seconds >= one && seconds % one === 0) ?? [1, "second"];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const rulesOf = (status: MachineStatus) => Object.entries(lifecycle[status]) as [Trigger, Rule][];

/** The arrows of the diagram: several triggers between the same two statuses share one. */
function arrows(): string[] {
  const between = new Map<string, string[]>();
  for (const from of machineStatuses)
    for (const [trigger, rule] of rulesOf(from)) {
      if (trigger === "mark_broken" || rule.to === "same") continue;
      const targets = typeof rule.to === "string" && rule.to !== "held" ? [nameOf(rule.to)] : ["earlier"];
      for (const to of targets) {
        const key = `${nameOf(from)} --> ${to}`;
        between.set(key, [...(between.get(key) ?? []), trigger]);
      }
    }
  return [...between].map(([key, triggers]) => `  ${key}: ${triggers.join(", ")}`);
}

function section(status: MachineStatus, times: Deadlines): string[] {
  const rows = rulesOf(status).map(([trigger, rule]) => {
    const effects = [
      rule.power && `power ${rule.power}`,
      rule.needs && `needs ${rule.needs}`,
      rule.fails && "with the reason kept",
    ];
    return `| \`${trigger}\` | ${may[rule.by] || "machine, BMC or clock"} | ${leads(rule, status)} | ${effects.filter(Boolean).join("; ")} |`;
  });
  const limits = isTimed(status) ? times[status] : null;
  const wait =
    limits === null
      ? "Lasts until somebody asks for something."
      : `Ends in failure ${duration(limits.silence)} after the last sign of life, at the latest ${duration(limits.total)} after it began (both can be set).`;
  return [`## ${status}`, "", wait, "", "| trigger | who | leads to | effects |", "|---|---|---|---|", ...rows, ""];
}

/** The page about the life cycle, made from the table that drives it. */
export function describeLifecycle(): string {
  const times = deadlines.parse({});
  const operator = machineStatuses.flatMap((status) => triggersIn(status)).length;
  return [
    "# Life cycle",
    "",
    "<!-- Written by region/machines/diagram.ts from the table in region/machines/lifecycle.ts. -->",
    "",
    `${machineStatuses.length} statuses, ${operator} places where an operator can ask for something. Every status can be marked broken, which the`,
    "diagram leaves out; a locked machine takes nothing but `unlock`. `earlier` is what the machine was before it was",
    `${passing.slice(0, 1).join("")}, in rescue mode or broken.`,
    "",
    "```mermaid",
    "stateDiagram-v2",
    "  [*] --> new",
    ...machineStatuses.map((status) => `  ${nameOf(status)}: ${status}`),
    "  earlier: what it was before",
    ...arrows(),
    "```",
    "",
    ...machineStatuses.flatMap((status) => section(status, times)),
  ].join("\n");
}

if (import.meta.main) await writeFile(lifecyclePage, describeLifecycle());

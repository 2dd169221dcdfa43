import { InputError } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import * as type from "../settings/value-types.ts";
import type { StoredSetting } from "../settings/value-types.ts";
import { layoutNames } from "../storage/index.ts";

/** A setting of ours under MAAS's name: how it is read out of ours, and what becomes of ours when it is set. */
type Mapped = {
  read: (settings: Settings) => unknown;
  /** Given the text of a form. @throws InputError */
  change: (text: string, settings: Settings, name: string) => Partial<Settings>;
};

function parsed<T>(setting: StoredSetting, text: string, name: string, is: (value: unknown) => value is T): T {
  const result = setting.text.safeParse(text);
  if (result.success && is(result.data)) return result.data;
  throw InputError.field(name, text.slice(0, 200), result.error?.issues[0]?.message ?? "is not allowed");
}
const yesOrNo = (text: string, name: string): boolean =>
  parsed(type.flag(false), text, name, (value) => typeof value === "boolean");
const number = (least: number, most: number) => (text: string, name: string) =>
  parsed(type.integer(least, least, most), text, name, (value) => typeof value === "number");

const erase = (field: keyof Settings["release"]): Mapped => ({
  read: ({ release }) => release[field],
  change: (text, { release }, name) => ({ release: { ...release, [field]: yesOrNo(text, name) } }),
});
const history = (kind: keyof Settings["script_history_of"]): Mapped => ({
  read: ({ script_history, script_history_of }) => script_history_of[kind] ?? script_history,
  change: (text, { script_history_of }, name) => ({
    script_history_of: { ...script_history_of, [kind]: number(1, 1000)(text, name) },
  }),
});

/** Statuses whose patience MAAS calls `node_timeout`. */
const timed = ["commissioning", "testing", "entering rescue mode"] as const;
const minutes = number(1, 1440);

/** MAAS's settings that are ours by another name. */
export const mappedSettings: Readonly<Record<string, Mapped>> = {
  enlist_commissioning: {
    read: ({ enlist }) => enlist === "commission",
    change: (text, _settings, name) => ({ enlist: yesOrNo(text, name) ? "commission" : "hold" }),
  },
  enable_disk_erasing_on_release: erase("erase"),
  disk_erase_with_secure_erase: erase("secure_erase"),
  disk_erase_with_quick_erase: erase("quick_erase"),
  session_length: {
    read: ({ session_length }) => session_length,
    change: (text, _settings, name) => ({ session_length: number(60, 1_209_600)(text, name) }),
  },
  node_timeout: {
    // Set here the statuses agree; where they were set one by one, commissioning speaks for them.
    read: ({ deadlines }) => Math.ceil(deadlines.commissioning.silence / 60),
    change: (text, { deadlines }, name) => {
      const silence = minutes(text, name) * 60;
      const longer = Object.fromEntries(
        timed.map((status) => [status, { silence, total: Math.max(silence, deadlines[status].total) }]),
      );
      const { deploying } = deadlines;
      // A deployment as a whole has twice the time.
      return {
        deadlines: { ...deadlines, ...longer, deploying: { silence: deploying.silence, total: silence * 2 } },
      };
    },
  },
  default_storage_layout: {
    read: (settings) => settings.default_storage_layout,
    change: (text, _settings, name) => {
      const layout = layoutNames.find((one) => one === text.trim());
      if (layout === undefined)
        throw InputError.field(name, text.slice(0, 200), `must be one of ${layoutNames.join(", ")}`);
      return { default_storage_layout: layout };
    },
  },
  max_node_commissioning_results: history("commissioning"),
  max_node_testing_results: history("testing"),
  max_node_installation_results: history("installation"),
  max_node_release_results: history("release"),
};

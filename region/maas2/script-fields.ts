import { scriptName, scriptTag, type scriptUpdate } from "@rackwright/contract";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { secondsOf } from "../scripts/index.ts";
import { file, flag, text } from "./parameters.ts";
import { hardwareParameter, parallelWords, scriptTypeParameter } from "./script-words.ts";

const duration = text("Seconds or H:MM:SS it may take; 0 for no limit.", 50).transform((given, context) => {
  const seconds = secondsOf(given.trim());
  if (seconds !== null) return seconds;
  context.addIssue({ code: "custom", message: "must be seconds or H:MM:SS, at most 30 days" });
  return z.NEVER;
});
const parallel = text("Beside what it may run: disabled, instance or any.", 50).transform((given, context) => {
  const word = given.trim().toLowerCase();
  const found = Object.entries(parallelWords).find(([name, { words }]) => name === word || words.includes(word));
  if (found !== undefined) return found[0];
  context.addIssue({ code: "custom", message: "must be one of disabled, instance, any" });
  return z.NEVER;
});
const json = text("JSON object of packages to install: apt, snap, url.", 100_000).transform((given, context) => {
  try {
    return given.trim() === "" ? {} : (JSON.parse(given) as unknown);
  } catch {
    context.addIssue({ code: "custom", message: "must be a JSON object" });
    return z.NEVER;
  }
});
const name = text("Name of the script; where it is not given, the one in its header.", 200).transform(
  (given, context) => {
    const parsed = scriptName.safeParse(given);
    if (parsed.success) return parsed.data;
    context.addIssue({ code: "custom", message: parsed.error.issues[0]?.message ?? "is no name" });
    return z.NEVER;
  },
);

/** What a form may say of a script. */
export const fields = {
  name: name.optional(),
  title: text("Title.", 200).optional(),
  description: text("What the script does.").optional(),
  tags: text("Tags, with commas between.").optional(),
  type: scriptTypeParameter("When it runs: commissioning, testing or release.").optional(),
  script_type: scriptTypeParameter("The same as type.").optional(),
  hardware_type: hardwareParameter("What hardware it is about.").optional(),
  parallel: parallel.optional(),
  timeout: duration.optional(),
  destructive: flag("Whether it destroys data on disks.").optional(),
  script: file("The text, as a file.", 1_048_576).optional(),
  comment: text("Why the text is changed.", 2000).optional(),
  for_hardware: text("Hardware it is for, with commas between.").optional(),
  may_reboot: flag("Whether it may restart the machine.").optional(),
  recommission: flag("Whether commissioning scripts run again after it.").optional(),
  packages: json.optional(),
  apply_configured_networking: flag("Whether it runs with the network as it is configured.").optional(),
};
export type Fields = z.output<z.ZodObject<typeof fields>>;

/** What stands in a header too, by its names. @throws InputError for scripts that nothing runs */
export function beside(wanted: Fields): Record<string, unknown> {
  const { title, description, hardware_type, parallel, destructive, for_hardware, packages } = wanted;
  const type = wanted.type === undefined ? wanted.script_type : wanted.type;
  if (type === null)
    throw InputError.field("type", "deployment", "must be commissioning, testing or release: no others are run");
  const { may_reboot, recommission, apply_configured_networking } = wanted;
  const all = { title, description, type, hardware_type, parallel, destructive, for_hardware, packages };
  return Object.fromEntries(
    Object.entries({ ...all, may_reboot, recommission, apply_configured_networking }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** What operators set whatever the header says. @throws InputError for words that are no tags */
export function update({ tags, timeout }: Fields): Pick<z.infer<typeof scriptUpdate>, "tags" | "timeout"> {
  const words = tags?.split(",").flatMap((word) => word.trim() || []);
  const wrong = words?.find((word) => !scriptTag.safeParse(word).success);
  if (wrong !== undefined)
    throw InputError.field("tags", wrong.slice(0, 100), "must be words of letters, digits, '_', '.' or '-'");
  return { ...(words && { tags: words }), ...(timeout !== undefined && { timeout }) };
}

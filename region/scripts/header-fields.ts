import { declaredResult, hardwareTypes, parameterTypes, scriptName, scriptTag } from "@rackwright/contract";
import { z } from "zod";

/** A field with a word of several spellings. Throws in zod's way, naming what is allowed. */
function words<T extends string>(spellings: Readonly<Record<T, readonly (string | number)[]>>) {
  const names = Object.keys(spellings) as T[];
  const allowed = `must be one of ${names.join(", ")}`;
  return z.unknown().transform((value, context): T => {
    const word = typeof value === "string" ? value.toLowerCase() : value;
    const found = names.find((name) => name === word || spellings[name].some((one) => one === word));
    if (found !== undefined) return found;
    context.addIssue({ code: "custom", message: allowed });
    return z.NEVER;
  });
}

const type = words({
  commissioning: ["commission", 0],
  testing: ["test", 2],
  release: [3],
});
const hardwareType = words({
  cpu: ["processor", 1],
  memory: ["ram", 2],
  storage: ["disk", "ssd", 3],
  network: ["net", "interface", 4],
  gpu: ["graphics", 5],
  node: ["machine", "controller", "other", "generic", 0],
} satisfies Record<(typeof hardwareTypes)[number], (string | number)[]>);
const parallel = words({ disabled: ["none", 0], instance: ["name", 1], any: ["enabled", 2] });

const longestTimeout = 30 * 86_400;

/** Seconds of `HH:MM:SS`, `MM:SS` or a number; null when it is none of them. */
export function secondsOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value <= longestTimeout ? value : null;
  if (typeof value !== "string" || !/^[0-9]{1,7}(:[0-5]?[0-9]){0,2}$/.test(value)) return null;
  const seconds = value.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return seconds <= longestTimeout ? seconds : null;
}

const timeout = z.unknown().transform((value, context): number => {
  const seconds = secondsOf(value);
  if (seconds !== null) return seconds;
  context.addIssue({ code: "custom", message: "must be seconds or HH:MM:SS, at most 30 days; 0 is without limit" });
  return z.NEVER;
});

/** A list, or words with commas between. */
const list = <T extends z.ZodType>(item: T, most: number) =>
  z
    .union([z.array(z.unknown()), z.string()], "must be a list, or words with commas between")
    .transform((value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((word) => word.trim())
            .filter(Boolean)
        : value,
    )
    .pipe(z.array(item).max(most));

const flag = z.boolean("must be true or false");
const text = (longest: number) =>
  z.union([z.string(), z.number(), z.boolean()], "must be text").transform(String).pipe(z.string().max(longest));

const parameter = z
  .strictObject({
    type: z.enum(parameterTypes, `must be one of ${parameterTypes.join(", ")}`),
    title: text(200).optional(),
    description: text(2000).optional(),
    argument_format: text(500).optional(),
    default: text(4000).optional(),
    required: flag.default(true),
    min: z.number("must be a number").optional(),
    max: z.number("must be a number").optional(),
    allow_list: flag.optional(),
    choices: z
      .array(z.union([text(200), z.tuple([text(200), z.unknown()]).transform(([value]) => value)]))
      .min(1)
      .max(100)
      .optional(),
  })
  .superRefine((value, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (value.allow_list !== undefined && value.type !== "url")
      issue("allow_list", "is for parameters of type url only");
    if (value.type === "choice" && value.choices === undefined) issue("choices", "must list what may be chosen");
    if (value.choices !== undefined && value.type !== "choice")
      issue("choices", "is for parameters of type choice only");
    for (const bound of ["min", "max"] as const)
      if (value[bound] !== undefined && !["runtime", "string", "password"].includes(value.type))
        issue(bound, "is for parameters of type runtime, string and password only");
    if (value.min !== undefined && value.max !== undefined && value.min > value.max)
      issue("min", "must not be above max");
    const places = [...(value.argument_format ?? "").matchAll(/\{([^{}]*)\}/g)].map(([, place = ""]) => place);
    const allowed =
      value.type === "storage"
        ? ["name", "path", "model", "serial", "input"]
        : value.type === "interface"
          ? ["name", "mac_address", "vendor", "product", "input"]
          : ["input"];
    // One of type boolean may do without: it is there or not.
    const without = places.length === 0 && value.type !== "boolean";
    if (value.argument_format !== undefined && (without || places.some((place) => !allowed.includes(place))))
      issue(
        "argument_format",
        `must contain ${allowed.map((place) => `{${place}}`).join(", ")}, and nothing else in braces`,
      );
  });

const plainName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, "must be letters, digits, '_', '.' or '-'");

const results = z
  .union(
    [z.array(z.unknown()).max(500), z.record(z.string(), z.unknown())],
    "must be a list of names, or a map of them",
  )
  .transform((value, context) => {
    if (!Array.isArray(value)) return value;
    value.forEach((name, index) => {
      if (typeof name !== "string")
        context.addIssue({ code: "custom", path: [index], message: "must be text: put it in quotes" });
    });
    return Object.fromEntries(value.map((name) => [String(name), {}]));
  })
  .pipe(
    z.record(
      plainName,
      z
        .union([declaredResult.partial(), z.null().transform(() => ({}))], "must be a map of title and description")
        .transform((given) => ({ title: "", description: "", ...given })),
    ),
  );

const snap = z.union([
  text(200).transform((name) => ({ name })),
  z.strictObject({
    name: text(200),
    channel: text(100).optional(),
    mode: z.enum(["classic", "devmode", "jailmode"], "must be classic, devmode or jailmode").optional(),
  }),
]);
const packageName = z
  .string("must be a name")
  .regex(/^[a-z0-9][a-z0-9+.:=~_-]{0,199}$/i, "must be the name of a package");
const packages = z.strictObject({
  apt: list(packageName, 100).default([]),
  snap: z.array(snap).max(100).default([]),
  url: list(
    z.url({ protocol: /^(https?|ftp)$/, error: "must be an address with http, https or ftp" }).max(2000),
    100,
  ).default([]),
});

const sorts = [
  "modalias",
  "pci",
  "usb",
  "system_vendor",
  "system_product",
  "system_version",
  "mainboard_vendor",
  "mainboard_product",
];
const hardware = z
  .string("must be text")
  .max(300)
  .refine((entry) => sorts.some((sort) => entry.startsWith(`${sort}:`) && entry.length > sort.length + 1), {
    message: `must begin with one of ${sorts.map((sort) => `${sort}:`).join(", ")}`,
  })
  .refine((entry) => !/^(pci|usb):/.test(entry) || /^(pci|usb):[0-9a-f]{4}:[0-9a-f]{4}$/i.test(entry), {
    message: "must be vendor and product in hexadecimal, such as pci:8086:1521",
  });

const fields = {
  name: scriptName.optional(),
  title: text(200).default(""),
  description: text(10_000).default(""),
  comment: text(2000).optional(),
  tags: list(scriptTag, 100).default([]),
  type: type.optional(),
  script_type: type.optional(),
  hardware_type: hardwareType.prefault("node"),
  parallel: parallel.prefault("disabled"),
  results: results.default({}),
  parameters: z.record(plainName, parameter, "must be a map of parameters").default({}),
  packages: packages.prefault({}),
  timeout: timeout.prefault(0),
  destructive: flag.default(false),
  for_hardware: list(hardware, 100).default([]),
  may_reboot: flag.default(false),
  recommission: flag.default(false),
  apply_configured_networking: flag.default(false),
};

/** Names of the fields a header may have. */
export const headerFields: readonly string[] = Object.keys(fields);

/** A header's fields in the one form the rest of the region knows. */
export const headerSchema = z
  .object(fields)
  .superRefine((header, context) => {
    if (header.type !== undefined && header.script_type !== undefined && header.type !== header.script_type)
      context.addIssue({ code: "custom", path: ["script_type"], message: "must be the same as type" });
    const runs = header.type ?? header.script_type ?? "testing";
    if (header.recommission && runs !== "commissioning")
      context.addIssue({ code: "custom", path: ["recommission"], message: "is for commissioning scripts only" });
    if (
      Object.values(header.parameters).filter(({ type: kind }) => kind === "storage" || kind === "interface").length > 1
    )
      context.addIssue({
        code: "custom",
        path: ["parameters"],
        message: "must have at most one of type storage or interface",
      });
    if (Object.keys(header.parameters).length > 50 || Object.keys(header.results).length > 500)
      context.addIssue({ code: "custom", path: ["parameters"], message: "at most 50 parameters and 500 results" });
  })
  .transform(({ type: first, script_type: second, ...header }) => ({
    ...header,
    type: first ?? second ?? ("testing" as const),
    tags: [...new Set([...header.tags, header.hardware_type, ...(header.destructive ? ["destructive"] : [])])],
  }));
export type Header = z.infer<typeof headerSchema>;

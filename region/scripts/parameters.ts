import {
  type Inventory,
  type ScriptArgument,
  type ScriptParameter,
  type ScriptParameters,
  scriptArgument,
} from "@rackwright/contract";
import { InputError } from "../errors.ts";
import { deviceNames, findCards, findDisks, strangersIn } from "./devices.ts";
import { secondsOf } from "./header-fields.ts";

type Declared = { name: string; parameters: Record<string, ScriptParameter> };
/** Values as text, by parameter: those given, else the defaults. Parameters without either are left out. */
export type Values = Record<string, string>;
export const hidden = "(hidden)";

export function isDevice(type: ScriptParameter["type"]): type is "storage" | "interface" {
  return type === "storage" || type === "interface";
}

/**
 * The values a script is run with. Devices need not be known yet: without an inventory only their form is checked.
 *
 * @throws InputError naming script, parameter, value (never a password's) and what is allowed
 */
export function valuesFor(
  script: Declared,
  given: ScriptParameters[string] = {},
  inventory: Inventory | null = null,
): Values {
  const declared = Object.keys(script.parameters);
  const strange = Object.keys(given).find((name) => !Object.hasOwn(script.parameters, name));
  if (strange !== undefined) {
    const allowed = declared.length === 0 ? "no parameter: the script has none" : `one of ${declared.join(", ")}`;
    throw new InputError(`Script ${script.name} has no parameter '${strange}'.`, {
      failures: [{ field: `parameters.${script.name}.${strange}`, value: strange, allowed }],
    });
  }
  return Object.fromEntries(
    Object.entries(script.parameters).flatMap(([name, parameter]): [string, string][] => {
      const value = Object.hasOwn(given, name) ? given[name] : (parameter.default ?? implied(parameter));
      const field = `parameters.${script.name}.${name}`;
      if (value === undefined || value === "") {
        if (parameter.required) throw refused(field, parameter, undefined, "is required");
        return [];
      }
      const problem = problemOf(parameter, String(value), inventory);
      if (problem !== null) throw refused(field, parameter, String(value), problem);
      return [[name, parameter.type === "boolean" ? String(truth(String(value))) : String(value)]];
    }),
  );
}

/** A device parameter stands for every device, unless told otherwise. */
function implied({ type }: ScriptParameter): string | undefined {
  return isDevice(type) ? "all" : undefined;
}

function refused(field: string, { type }: ScriptParameter, value: string | undefined, allowed: string): InputError {
  const shown = value === undefined || type === "password" ? "" : ` '${value.slice(0, 200)}'`;
  return new InputError(`${field}${shown} ${allowed}.`, {
    failures: [{ field, ...(shown !== "" && { value: value?.slice(0, 200) }), allowed }],
  });
}

function truth(value: string): boolean | null {
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  return /^(false|no|off|0)$/i.test(value) ? false : null;
}

const schemes = ["http:", "https:", "ftp:", "icmp:"];
// Arguments are split at blanks.
const isUrl = (text: string) => !/\s/.test(text) && URL.canParse(text) && schemes.includes(new URL(text).protocol);

/** What is wrong with a value, in words of what is allowed; null: nothing. */
function problemOf(parameter: ScriptParameter, value: string, inventory: Inventory | null): string | null {
  const { min, max } = parameter;
  const bounds = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ].join(" and ");
  const outside = (size: number) => (min !== undefined && size < min) || (max !== undefined && size > max);
  switch (parameter.type) {
    case "storage":
    case "interface": {
      if (inventory === null) return null;
      const strangers = strangersIn(inventory, parameter.type, value);
      return strangers.length === 0
        ? null
        : `names no device '${strangers[0]?.slice(0, 100)}'; there are: ${deviceNames(inventory, parameter.type)}`;
    }
    case "url": {
      const urls = parameter.allow_list === true ? value.split(",").map((one) => one.trim()) : [value];
      const form = `an address with ${schemes.join(", ")}`;
      if (urls.every(isUrl)) return null;
      return parameter.allow_list === true ? `must be ${form}, or several with commas between` : `must be ${form}`;
    }
    case "runtime": {
      const seconds = secondsOf(value);
      if (seconds === null) return "must be seconds or HH:MM:SS, at most 30 days";
      return outside(seconds) ? `must be ${bounds} seconds` : null;
    }
    case "string":
    case "password":
      return outside(value.length) ? `must have ${bounds} characters` : null;
    case "boolean":
      return truth(value) === null ? "must be true or false" : null;
    case "choice":
      return parameter.choices?.includes(value) ? null : `must be one of ${parameter.choices?.join(", ")}`;
  }
}

export type Resolved = { arguments: ScriptArgument[]; device: string | null };

/**
 * The arguments of each run: one for each device that a device parameter names, else a single one. Empty when the
 * machine has no such device; null when that is not known without an inventory.
 */
export function expand(
  parameters: Record<string, ScriptParameter>,
  values: Values,
  inventory: Inventory | null,
): Resolved[] | null {
  const argument = (name: string, type: ScriptParameter["type"], value: unknown) =>
    scriptArgument.parse({ name, type, value, format: parameters[name]?.argument_format ?? null });
  // In the order of the header: formats may well make arguments that count by their place.
  const entries = Object.entries(parameters).flatMap(([name, { type }]) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, type, value }];
  });
  const device = entries.find(({ type }) => isDevice(type));
  const build = (on?: { name: string }) =>
    entries.map(({ name, type, value }) =>
      argument(name, type, isDevice(type) ? on : type === "runtime" ? String(secondsOf(value) ?? 0) : value),
    );
  if (device === undefined) return [{ arguments: build(), device: null }];
  if (inventory === null) return null;
  const found = device.type === "storage" ? findDisks(inventory, device.value) : findCards(inventory, device.value);
  return found.map((on) => ({ arguments: build(on), device: on.name }));
}

/** The seconds a run may take: what its `runtime` parameter says, else what the script says. */
export function timeoutOf(values: readonly ScriptArgument[], otherwise: number): number {
  const runtime = values.find(({ type }) => type === "runtime");
  return runtime?.type === "runtime" ? (secondsOf(runtime.value) ?? otherwise) : otherwise;
}

/** Values as they may be shown: without what is in passwords. */
export function shown(parameters: Record<string, ScriptParameter>, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, parameters[name]?.type === "password" ? hidden : value]),
  );
}

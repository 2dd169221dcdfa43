import type { ScriptArgument } from "@rackwright/contract";

type Places = Readonly<Record<string, string>>;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/**
 * Fills a format and splits it on blanks. A value stays one word where it stands beside something else; alone, as in
 * `--options {input}`, it is split too, so that one value can be several arguments.
 */
export function fillFormat(format: string, places: Places): string[] {
  return words(format).flatMap((word) => {
    const filled = word.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => places[name] ?? whole);
    return word === "{input}" ? words(filled) : [filled];
  });
}

function placesOf(argument: ScriptArgument): Places {
  if (argument.type === "storage") {
    const { name, path, model, serial } = argument.value;
    return { name, path, model: model ?? "", serial: serial ?? "", input: path };
  }
  if (argument.type === "interface") {
    const { name, mac, vendor, product } = argument.value;
    return { name, mac_address: mac, vendor: vendor ?? "", product: product ?? "", input: name };
  }
  return { input: argument.value };
}

function defaultFormat(argument: ScriptArgument): string {
  if (argument.type === "storage") return "--storage={path}";
  if (argument.type === "interface") return "--interface={name}";
  return `--${argument.name}={input}`;
}

/**
 * The words of a script's command line. A parameter without a format of its own is `--name=value`. A boolean whose format
 * has no place for the value is a switch: there when true, left out when false.
 */
export function commandLine(values: readonly ScriptArgument[]): string[] {
  return values.flatMap((argument) => {
    const format = argument.format ?? defaultFormat(argument);
    if (argument.type === "boolean" && !/\{input\}/.test(format))
      return /^true$/i.test(argument.value) ? words(format) : [];
    return fillFormat(format, placesOf(argument));
  });
}

/** Seconds of a runtime parameter; null when there is none. */
export function runtimeOf(values: readonly ScriptArgument[]): number | null {
  const found = values.find((argument) => argument.type === "runtime");
  if (found?.type !== "runtime" || !/^\d{1,8}(:\d{1,2}){0,2}$/.test(found.value)) return null;
  return found.value.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

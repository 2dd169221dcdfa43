import { InputError } from "../errors.ts";

/** What an interface may be asked for by, each with a negation where one makes sense. */
export const interfaceKeys = [
  "id",
  "fabric",
  "fabric_class",
  "ip",
  "mode",
  "name",
  "hostname",
  "subnet",
  "space",
  "subnet_cidr",
  "type",
  "vlan",
  "vid",
  "tag",
  "link_speed",
] as const;
export type InterfaceKey = (typeof interfaceKeys)[number];
/** What has no negation. */
const onlyPositive: readonly InterfaceKey[] = ["ip", "mode", "type", "link_speed"];

/** Values of one key, of which one is enough (with `not`: none may be). */
export type KeyWish = { key: InterfaceKey; not: boolean; values: string[] };
/** What one interface of the machine must be. */
export type InterfaceWish = { label: string; keys: KeyWish[] };

const mostLabels = 100;
const mostValues = 1000;

const refuse = (value: string, allowed: string): InputError =>
  InputError.field("interfaces", value.slice(0, 200), allowed);

/**
 * Reads what interfaces an allocation asks for: `label:key=value[,key=value…][;label2:…]`. A key that is repeated gives
 * several values; different keys are of the same interface.
 *
 * @throws InputError on the field `interfaces`
 */
export function parseInterfacesWish(text: string): InterfaceWish[] {
  const wishes = new Map<string, InterfaceWish>();
  let values = 0;
  for (const part of text.split(";")) {
    const colon = part.indexOf(":");
    const label = part.slice(0, Math.max(colon, 0)).trim();
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/.test(label))
      throw refuse(part, "must be like label:key=value,key=value;label2:key=value");
    if (wishes.has(label)) throw refuse(label, "must use each label once");
    if (wishes.size === mostLabels) throw refuse(label, `must have at most ${mostLabels} labels`);
    const keys: KeyWish[] = [];
    for (const pair of part.slice(colon + 1).split(",")) {
      const [name, value] = splitPair(pair);
      const wish = keyOf(name);
      if ((values += 1) > mostValues) throw refuse(label, `must have at most ${mostValues} values`);
      const same = keys.find(({ key, not }) => key === wish.key && not === wish.not);
      if (same) same.values.push(value);
      else keys.push({ ...wish, values: [value] });
    }
    wishes.set(label, { label, keys });
  }
  return [...wishes.values()];
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  const value = pair.slice(equals + 1).trim();
  if (equals < 1 || value === "") throw refuse(pair, "must be key=value");
  return [pair.slice(0, equals).trim(), value];
}

function keyOf(name: string): Omit<KeyWish, "values"> {
  const not = name.startsWith("not_");
  const word = not ? name.slice("not_".length) : name;
  const key = interfaceKeys.find((one) => one === word);
  if (key === undefined || (not && onlyPositive.includes(key)))
    throw refuse(name, `must use keys of: ${interfaceKeys.join(", ")}, or not_… of them`);
  return { key, not };
}

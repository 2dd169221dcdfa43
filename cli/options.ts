import { nearest } from "@rackwright/contract";
import { InvalidArgumentError } from "commander";

/** Reads an option that counts something, from 1 on. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
}

/** Reads an option that is one of some words; spaces may be written as - or _. Names the near one for a slip of the pen. */
export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, " ");
  return (text) => {
    const found = choices.find((choice) => plain(choice) === plain(text));
    if (found !== undefined) return found;
    const near = nearest(plain(text), choices);
    throw new InvalidArgumentError(
      `${near === undefined ? "" : `Did you mean '${near}'? `}It must be one of: ${choices.join(", ")}.`,
    );
  };
}

/** Names with commas between. */
export const listed = (value: string): string[] =>
  value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** `name=value` options as an object. @throws InvalidArgumentError for one without `=` */
export function assignment(value: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, given] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
  if (name === undefined || given === undefined) throw new InvalidArgumentError("It must have the form name=value.");
  return { ...before, [name]: given };
}

import type { z } from "zod";
import { Denied, InputError, NotFound, StateConflict } from "../errors.ts";
import { fieldFailures } from "../http/problems.ts";
import type { Caller } from "../users/access.ts";
import type { Call } from "./operation.ts";

/** Who asks, where an operation does not answer strangers. @throws Denied for a stranger */
export function callerOf({ caller }: Pick<Call, "caller">): Caller {
  if (caller === null) throw new Denied("This needs an API key.", 401);
  return caller;
}

/** Who changes something, and when. */
export function byOf(call: Pick<Call, "caller" | "clock">): { actor: string; now: Date } {
  return { actor: callerOf(call).username, now: call.clock.now() };
}

/** What is said where there is no such thing, in MAAS's words. */
export function noMatch(model: string): NotFound {
  return new NotFound(`No ${model} matches the given query.`, { next: undefined });
}

/** The number in a path. @throws NotFound for what is no number of a row */
export function numberOf(call: Pick<Call, "path">, name: string, model: string): number {
  const text = call.path[name] ?? "";
  if (!/^[0-9]{1,15}$/.test(text)) throw noMatch(model);
  return Number(text);
}

/** Does something with a thing of this model; that it is not there is said in MAAS's words. */
export async function matching<T>(model: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFound) throw noMatch(model);
    throw error;
  }
}

/** Does something whose refusals MAAS tells as a form's (400), also where a name is taken. */
export async function asForm<T>(field: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateConflict)
      throw new InputError(error.message, { failures: [{ field, allowed: error.message }], cause: error });
    throw error;
  }
}

/** The value as a noun's own schema has it. @throws InputError with one failure a field */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const failures = fieldFailures(result.error, value).map((failure) => ({
    ...failure,
    field: failure.field.split(".")[0] ?? failure.field,
  }));
  throw new InputError(failures.map(({ field, allowed }) => `${field}: ${allowed}`).join("; "), { failures });
}

/** Without what was not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** A moment as MAAS shows most of them: ISO 8601 without zone, to the millisecond, in UTC. */
export function localTime(at: Date | string): string {
  return new Date(at).toISOString().replace("Z", "");
}

/** A moment as MAAS shows those of scripts (RFC 2822), in UTC. */
export function mailTime(at: Date | string): string {
  return new Date(at).toUTCString().replace("GMT", "-0000");
}

/** A span as MAAS shows it: `H:MM:SS`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

import { z } from "zod";
import { type FieldFailure, InputError } from "../errors.ts";
import type { Pairs } from "./body.ts";
import type { Operation } from "./operation.ts";
import type { ParameterMeta } from "./parameters.ts";

/** Parameters of the protocol itself, which no operation sees. */
const reserved = /^(op|oauth_[a-z_]+|csrf_token|csrfmiddlewaretoken)$/;

/** A parameter's schema without what is around the field: optional, default, pipes. */
function* layers(schema: z.core.$ZodType): Generator<z.core.$ZodType> {
  yield schema;
  if (schema instanceof z.ZodPipe) yield* layers(schema.def.in);
  else if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    yield* layers(schema.def.innerType);
  else if (schema instanceof z.ZodPrefault || schema instanceof z.ZodCatch || schema instanceof z.ZodReadonly)
    yield* layers(schema.def.innerType);
}

/** What parameters.ts noted of a parameter: its type as clients are told, and whether every value of it counts. */
export function metaOf(schema: z.core.$ZodType): ParameterMeta & { description: string } {
  const found: Partial<ParameterMeta> & { description?: string } = {};
  for (const layer of layers(schema)) {
    const meta = z.globalRegistry.get(layer) as (Partial<ParameterMeta> & { description?: string }) | undefined;
    found.type ??= meta?.type;
    found.list ??= meta?.list;
    found.description ??= meta?.description;
  }
  const { type = "String", description = "", list } = found;
  return { type, description, ...(list && { list }) };
}

/** The same of a parameter by its name; undefined where there is none of it. */
const metaIn = (shape: z.core.$ZodShape, name: string) => {
  const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
  return schema === undefined ? undefined : metaOf(schema);
};

/** Whether an operation has a parameter of this name that is no file. */
export function isText(name: string, { parameters }: Pick<Operation, "parameters">): boolean {
  const meta = metaIn(parameters.shape, name);
  return meta !== undefined && meta.type !== "File";
}

/** Whether the parameter must be given. */
export const isRequired = (schema: z.core.$ZodType): boolean => !z.safeParse(schema, undefined).success;

/** The values by name as the operation's schema takes them: the last one, or all of them where the parameter is a list. */
export function gather(pairs: Pairs, { parameters }: Pick<Operation, "parameters">): Record<string, string | string[]> {
  const { shape } = parameters;
  const input = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    if (reserved.test(name)) continue;
    if (unstorable(name) || unstorable(value))
      throw InputError.field(unstorable(name) ? "__all__" : name, undefined, "Null characters are not allowed.");
    const meta = metaIn(shape, name);
    const before = input.get(name);
    // Go clients send a flag that is not set as an empty text.
    if (meta?.type === "Boolean" && value.trim() === "") continue;
    if (meta?.list !== true) input.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else input.set(name, [value]);
  }
  return Object.fromEntries(input);
}

/** PostgreSQL stores neither NUL nor half a surrogate pair. */
const unstorable = (text: string) => text.includes("\0") || !text.isWellFormed();

/** What says how parameters are read and told wrong. */
type Form<S extends z.ZodObject> = Pick<Operation, "errors" | "strict"> & { parameters: S };

/** Reads an operation's parameters. @throws InputError with one failure a field */
export function readParameters<S extends z.ZodObject>(pairs: Pairs, operation: Form<S>): z.output<S> {
  const input = gather(pairs, operation);
  if (operation.strict) {
    const unknown = Object.keys(input).filter((name) => !Object.hasOwn(operation.parameters.shape, name));
    if (unknown.length > 0)
      throw failed(unknown.slice(0, 20).map((field) => ({ field, allowed: "No such constraint." })));
  }
  const result = operation.parameters.safeParse(input);
  if (result.success) return result.data;
  const failures = result.error.issues.slice(0, 100).map((issue): FieldFailure => {
    const field = String(issue.path[0] ?? "__all__");
    if (Object.hasOwn(input, field)) return { field, value: input[field], allowed: issue.message };
    return { field, allowed: missing };
  });
  throw operation.errors === "form" ? failed(failures) : told(failures[0]);
}

const missing = "This field is required.";

const failed = (failures: FieldFailure[]) =>
  new InputError(failures.map(({ field, allowed }) => `${field}: ${allowed}`).join("; "), { failures });

function told(failure: FieldFailure | undefined): InputError {
  const { field = "", allowed = "" } = failure ?? {};
  return new InputError(allowed === missing ? `No provided ${field}!` : `Invalid ${field}: ${allowed}`);
}

/** A JSON Schema as far as the page shows it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
interface RawOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}
export interface Description {
  readonly info: { readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

/** One thing that can be asked. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly group: string;
  /** Strangers are answered, too. */
  readonly open: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  readonly answers: readonly { readonly status: string; readonly type: string; readonly schema: Schema | null }[];
  /** What the search looks in. */
  readonly words: string;
}

const order = ["get", "post", "put", "patch", "delete"];

/** Every operation of the description, in the order of groups, paths and methods. */
export function operationsOf({ paths, components }: Description): Operation[] {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, raw]) => toOperation(path, method, raw, components.parameters)),
  );
  const place = ({ group, path, method }: Operation): string =>
    `${group} ${path} ${order.indexOf(method.toLowerCase())}`;
  return all.toSorted((one, other) => place(one).localeCompare(place(other)));
}

function toOperation(
  path: string,
  method: string,
  raw: RawOperation,
  known: Description["components"]["parameters"],
): Operation {
  const parameters = (raw.parameters ?? []).flatMap((one) => {
    if (!("$ref" in one)) return [one];
    const found = known[nameOf(one.$ref)];
    return found ? [found] : [];
  });
  const body = raw.requestBody?.content["application/json"]?.schema ?? null;
  const answers = Object.entries(raw.responses)
    .filter(([status]) => status !== "default")
    .flatMap(([status, { content = {} }]) => {
      const types = Object.entries(content);
      if (types.length === 0) return [{ status, type: "nothing", schema: null }];
      return types.map(([type, { schema }]) => ({ status, type, schema: schema ?? null }));
    });
  const named = [...parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})];
  const summary = raw.summary ?? "";
  const group = raw.tags?.[0] ?? "other";
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    summary,
    group,
    open: raw.security?.length === 0,
    parameters,
    body,
    answers,
    words: [method, path, summary, group, ...named].join(" ").toLowerCase(),
  };
}

export const nameOf = (ref: string): string => ref.split("/").at(-1) ?? "";

/** Operations in which every word occurs. */
export function search(operations: readonly Operation[], text: string): Operation[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter((one) => words.every((word) => one.words.includes(word)));
}

/** A schema's type in words, such as `list of text` or `text or null`. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map(typeOf))].join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => String(one)).join(" | ");
  if (Array.isArray(schema.type)) {
    const types: readonly string[] = schema.type;
    return types.map((type) => typeOf({ ...schema, type })).join(" or ");
  }
  switch (schema.type) {
    case "array":
      return `list of ${schema.items ? typeOf(schema.items) : "anything"}`;
    case "string":
      return schema.format === "date-time" ? "moment" : "text";
    case "integer":
      return "whole number";
    case undefined:
      return "anything";
    default:
      return String(schema.type);
  }
}

/** What a value must keep to, in words. */
export function limitsOf(schema: Schema): string {
  const parts: string[] = [];
  const range = (least: number | undefined, most: number | undefined, what: string): void => {
    // The bounds of a safe integer are no news.
    const [from, to] = [least, most].map((one) => (one !== undefined && Math.abs(one) < 2 ** 53 - 1 ? one : undefined));
    if (from !== undefined && to !== undefined) parts.push(`${from} to ${to}${what}`);
    else if (from !== undefined && from !== 0) parts.push(`at least ${from}${what}`);
    else if (to !== undefined) parts.push(`at most ${to}${what}`);
  };
  range(schema.minimum, schema.maximum, "");
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minItems, schema.maxItems, " items");
  if (schema.pattern !== undefined && schema.format === undefined && schema.pattern.length < 80)
    parts.push(`matches ${schema.pattern}`);
  if (schema.default !== undefined) parts.push(`by default ${JSON.stringify(schema.default)}`);
  return parts.join("; ");
}

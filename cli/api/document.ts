import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** A JSON Schema as far as the command line looks into it. */
export type Schema = {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  enum?: unknown[] | undefined;
  description?: string | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
  const?: unknown;
  default?: unknown;
  maximum?: number | undefined;
  additionalProperties?: Schema | boolean | undefined;
};
/** The program wrote these itself, and reading them through took longer than most commands. */
const schema = z.custom<Schema>();
const content = z.record(z.string(), z.looseObject({ schema: schema.optional() }));
const parameter = z.looseObject({
  name: z.string(),
  in: z.string(),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema,
});
export type Parameter = z.infer<typeof parameter>;
const operation = z.looseObject({
  summary: z.string().default(""),
  parameters: z.array(z.union([parameter, z.looseObject({ $ref: z.string() })])).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.optional() })),
});
const methods = ["get", "post", "put", "patch", "delete"] as const;
const document = z.looseObject({
  paths: z.record(z.string(), z.looseObject(Object.fromEntries(methods.map((name) => [name, operation.optional()])))),
  components: z.looseObject({
    schemas: z.record(z.string(), schema).default({}),
    parameters: z.record(z.string(), parameter).default({}),
  }),
});
/** Parameters common to many routes that are no words of one command. */
const common = new Set(["fields", "dry_run"]);

/** One route of the API as its description has it. */
export type Operation = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With placeholders in braces. */
  path: string;
  summary: string;
  parameters: readonly Parameter[];
  /** Whether it can be asked to say what it would do, and do nothing. */
  tries: boolean;
  /** Of a JSON body; null: it takes none. */
  body: Schema | null;
  /** Of a JSON answer; null: it is no JSON. */
  answer: Schema | null;
  /** Media types of its answer. */
  types: readonly string[];
};

export type ApiDocument = { operations: readonly Operation[]; resolve(schema: Schema): Schema };

/** What a request that is no trial is answered with, by media type. */
function answerOf(responses: z.infer<typeof operation>["responses"]): z.infer<typeof content> {
  const plan = /^application\/vnd\.rackwright\.plan/;
  const good = Object.entries(responses).filter(([status]) => /^2\d\d$/.test(status));
  const types = good.map(([, { content: all = {} }]) =>
    Object.fromEntries(Object.entries(all).filter(([type]) => !plan.test(type))),
  );
  return types.find((one) => Object.keys(one).length > 0) ?? {};
}

/** The description of the API that belongs to this program. */
export function apiDocument(): ApiDocument {
  const file = join(import.meta.dirname, "../../docs/reference/openapi.json");
  const { paths, components } = document.parse(JSON.parse(readFileSync(file, "utf8")));
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((name): Operation[] => {
      const found = operation.safeParse(item[name]);
      if (!found.success) return [];
      const { summary, requestBody, responses } = found.data;
      const parameters = found.data.parameters.flatMap((one) => {
        const named = "$ref" in one ? components.parameters[String(one.$ref).split("/").at(-1) ?? ""] : one;
        return named === undefined ? [] : [parameter.parse(named)];
      });
      const done = answerOf(responses);
      return [
        {
          method: name.toUpperCase() as Operation["method"],
          path,
          summary,
          parameters: parameters.filter((one) => one.in !== "header" && !common.has(one.name)),
          tries: parameters.some((one) => one.name === "dry_run"),
          body: requestBody?.content["application/json"]?.schema ?? null,
          answer: done["application/json"]?.schema ?? null,
          types: Object.keys(done),
        },
      ];
    }),
  );
  const resolve = (one: Schema): Schema => {
    const name = /^#\/components\/schemas\/(.+)$/.exec(one.$ref ?? "")?.[1];
    const target = name === undefined ? undefined : components.schemas[name];
    return target === undefined ? one : resolve(target);
  };
  return { operations, resolve };
}

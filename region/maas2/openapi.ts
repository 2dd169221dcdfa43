import { takesMore } from "./describe.ts";
import { everyOperation } from "./dispatch.ts";
import { isRequired, metaOf } from "./input.ts";
import type { Operation, Resource } from "./operation.ts";
import { placeholders, shownPath } from "./paths.ts";

const types: Record<string, string> = { Int: "integer", Float: "number", Boolean: "boolean" };

/** An OpenAPI 3.0 document of the resources. One path and method stands for all its `op`s, as `op` is a parameter. */
export function openApi(resources: readonly Resource[], { version, base }: { version: string; base: string }): unknown {
  const groups = Map.groupBy(
    everyOperation(resources.filter(({ handler }) => handler !== null)),
    ({ resource, method }) => `${method} ${resource.path}`,
  );
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [, group] of groups) {
    const { resource, method } = group[0] ?? {};
    if (!resource || method === undefined) continue;
    const path = `/${shownPath(resource.path)}`;
    (paths[path] ??= {})[method.toLowerCase()] = {
      operationId: `${resource.handler}_${method.toLowerCase()}`,
      summary: group.map(({ op, operation }) => (op === null ? "" : `${op}: `) + operation.title).join("\n"),
      tags: [resource.handler],
      security: group.some(({ operation }) => operation.access === "none") ? [{}, { oauth: [] }] : [{ oauth: [] }],
      parameters: [
        ...placeholders(resource.path).map((name) => ({
          name,
          in: "path",
          required: true,
          schema: { type: "string" },
        })),
        ...queryParameters(method, group),
      ],
      ...(method === "POST" || method === "PUT" ? { requestBody: { content: bodies(group) } } : {}),
      responses: { default: { description: "JSON, or one sentence of text" } },
    };
  }
  return {
    openapi: "3.0.3",
    info: { title: "MAAS API 2.0", version, description: "The region as clients of the MAAS API 2.0 know it." },
    servers: [{ url: base.replace(/\/$/, "") }],
    paths,
    components: {
      securitySchemes: {
        oauth: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "OAuth 1.0a with signature method PLAINTEXT, from an API key consumer:token:secret",
        },
      },
    },
  };
}

type Group = { op: string | null; operation: Operation }[];

function queryParameters(method: string, group: Group): unknown[] {
  const ops = group.flatMap(({ op }) => (op === null ? [] : [op]));
  const chosen = ops.length === 0 ? [] : [{ name: "op", in: "query", schema: { type: "string", enum: ops } }];
  if (method !== "GET" && method !== "DELETE") return chosen;
  const fields = new Map(group.flatMap(({ operation }) => Object.entries(operation.parameters.shape)));
  return [...chosen, ...[...fields].map(([name, schema]) => ({ name, in: "query", schema: schemaOf(schema) }))];
}

function bodies(group: Group): unknown {
  const forms = group.map(({ op, operation: { parameters } }) => {
    const fields = Object.entries(parameters.shape);
    const required = fields.filter(([, schema]) => isRequired(schema)).map(([name]) => name);
    return {
      ...(op !== null && { title: op }),
      type: "object",
      properties: Object.fromEntries(fields.map(([name, schema]) => [name, schemaOf(schema)])),
      ...(required.length > 0 && { required }),
      additionalProperties: takesMore(parameters),
    };
  });
  const schema = forms.length === 1 ? forms[0] : { anyOf: forms };
  return { "application/x-www-form-urlencoded": { schema }, "multipart/form-data": { schema } };
}

function schemaOf(schema: Operation["parameters"]["shape"][string]): unknown {
  const { type, description, list } = metaOf(schema);
  const one = { type: types[type] ?? "string" };
  return { ...(list ? { type: "array", items: one } : one), description };
}

/** A value as YAML 1.2 in block style; texts are quoted as JSON quotes them, which YAML reads alike. */
export function toYaml(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return ` ${JSON.stringify(value)}\n`;
  const entries = Array.isArray(value)
    ? value.map((part: unknown) => ["-", part] as const)
    : Object.entries(value)
        .filter(([, part]) => part !== undefined)
        .map(([name, part]) => [`${JSON.stringify(name)}:`, part as unknown] as const);
  if (entries.length === 0) return Array.isArray(value) ? " []\n" : " {}\n";
  return `\n${entries.map(([head, part]) => `${indent}${head}${toYaml(part, `${indent}  `)}`).join("")}`;
}

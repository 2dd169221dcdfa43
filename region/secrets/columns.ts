import { isSecret } from "../events/audit.ts";
import { type SecretBox, isSealed } from "./box.ts";

/**
 * `text`: the whole column; `bytes`: a bytea; `fields`: those fields of a jsonb whose names say that they are secret;
 * `setting`: a jsonb that is `{"secret": …}` and nothing else.
 */
export type Shape = "text" | "bytes" | "fields" | "setting";

/** Every column that is sealed in the database. */
export const sealedColumns = {
  machines: { power_parameters: "fields" },
  racks: { secret: "bytes" },
  webhooks: { secret: "text" },
  oidc_providers: { client_secret: "text" },
  ldap_servers: { bind_password: "text" },
  license_keys: { license_key: "text" },
  settings: { value: "setting" },
} as const satisfies Record<string, Record<string, Shape>>;

/** What a secret setting is called in queries, and sealed as: `value` alone may be anything, of any table. */
export const secretSetting = "stored_secret";

/** Shape of a column of a table; undefined for one that is not sealed. */
export function shapeOf(table: string, column: string): Shape | undefined {
  const columns: Record<string, Shape> | undefined = Object.entries(sealedColumns).find(
    ([name]) => name === table,
  )?.[1];
  return columns !== undefined && Object.hasOwn(columns, column) ? columns[column] : undefined;
}

/** Names of sealed columns: what a query answers under another name stays sealed. */
export const sealedNames: ReadonlySet<string> = new Set(
  Object.entries(sealedColumns).flatMap(([table, columns]) =>
    table === "settings" ? [secretSetting] : Object.keys(columns),
  ),
);

/** A value as it is written to a sealed column. What is sealed already stays; so does what is no plain value. */
export function sealValue(box: SecretBox, column: string, shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (shape === "bytes") return Buffer.isBuffer(value) ? Buffer.from(sealText(box, column, value)) : value;
  if (typeof value !== "string") return value;
  if (shape === "text") return sealText(box, column, Buffer.from(value));
  // A jsonb is written as its text.
  const fields: unknown = JSON.parse(value);
  if (!isFields(fields)) return value;
  if (shape === "fields") return JSON.stringify(sealFields(box, column, fields));
  const isSetting = typeof fields["secret"] === "string" && Object.keys(fields).length === 1;
  return isSetting ? JSON.stringify(sealFields(box, secretSetting, fields)) : value;
}

export function sealFields(box: SecretBox, column: string, fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, part]) => [
      name,
      typeof part === "string" && part !== "" && isSecret(name) ? sealText(box, column, Buffer.from(part)) : part,
    ]),
  );
}

const sealText = (box: SecretBox, column: string, plain: Buffer): string => box.seal(plain, column);

/** A value of a sealed column as it was before it was sealed; what never was stays. */
export function openValue(box: SecretBox, column: string, value: unknown): unknown {
  if (typeof value === "string") return isSealed(value) ? box.open(value, column).toString() : value;
  if (Buffer.isBuffer(value)) {
    const text = value.subarray(0, 4).toString("latin1") === "rw1." ? value.toString("latin1") : "";
    return isSealed(text) ? box.open(text, column) : value;
  }
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      typeof part === "string" && isSecret(name) && isSealed(part) ? box.open(part, column).toString() : part,
    ]),
  );
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

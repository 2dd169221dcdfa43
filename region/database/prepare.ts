import pg from "pg";

const mark = /^\/\* prepared (\w+) \*\//;

/**
 * The beginning of a statement that PostgreSQL plans once for each connection, where planning takes a good part of its
 * time. Its text must be the same whenever the name is.
 */
export const preparedAs = (name: string): string => `/* prepared ${name} */`;

/** The name of a statement that begins with `preparedAs`; undefined of others. */
export const preparedName = (text: string): string | undefined => mark.exec(text)?.[1];

/** A connection that prepares what begins with `preparedAs`: Kysely has no way to name a statement. */
export class PreparingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const ask = this.query.bind(this) as (...what: unknown[]) => unknown;
    this.query = ((text: unknown, values: unknown, ...rest: unknown[]) => {
      const name = typeof text === "string" ? preparedName(text) : undefined;
      return name === undefined ? ask(text, values, ...rest) : ask({ name, text, values }, ...rest);
    }) as pg.Client["query"];
  }
}

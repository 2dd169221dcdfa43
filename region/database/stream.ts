import pg from "pg";
import { preparedName } from "./prepare.ts";

/**
 * The rows of a statement as they come, as Kysely's `stream` reads them. Nothing holds PostgreSQL back: rows wait in memory
 * for who is slower than it.
 */
export class ArrivingRows<T> extends pg.Query {
  #rows: T[] = [];
  #failure: Error | undefined;
  readonly #ended = Promise.withResolvers<void>();
  #over = false;
  #arrived = (): void => {};

  constructor(text: string, values: unknown[]) {
    const name = preparedName(text);
    super({ text, values, ...(name !== undefined && { name }) });
    this.on("row", (row: T) => {
      this.#rows.push(row);
      this.#arrived();
    });
    this.on("end", () => this.#end());
    this.on("error", (error) => {
      this.#failure = error;
      this.#end();
    });
  }

  /**
   * All rows that came since the last reading, once there are some; none at the end.
   *
   * @throws Error of the statement or its connection
   */
  async read(): Promise<T[]> {
    while (this.#rows.length === 0 && !this.#over) await new Promise<void>((resolve) => (this.#arrived = resolve));
    if (this.#failure !== undefined) throw this.#failure;
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** Resolves when the connection is free for something else. */
  close(): Promise<void> {
    return this.#ended.promise;
  }

  #end(): void {
    this.#over = true;
    this.#arrived();
    this.#ended.resolve();
  }
}

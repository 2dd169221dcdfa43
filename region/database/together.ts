import { AsyncLocalStorage } from "node:async_hooks";
import {
  type AbortableOperationOptions,
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type KyselyPlugin,
  type LogConfig,
  PostgresDialect,
  type QueryResult,
  type Transaction,
  type TransactionSettings,
} from "kysely";
import type pg from "pg";
import { ArrivingRows } from "./stream.ts";
import type { Tables } from "./tables.ts";

/** One transaction that everything asked of the database in an asynchronous context becomes part of. */
type Scope = {
  transaction: Transaction<Tables>;
  /** Ends when the transaction does. */
  open: boolean;
  /** Savepoints made so far. */
  savepoints: number;
  /** Resolved when the nested transaction before has ended: they take turns. */
  turn: Promise<void>;
};

export type Together = {
  /** What others commit meanwhile is not seen, and a row they changed cannot be changed (SQLSTATE 40001). */
  isolated?: boolean;
  /** Takes everything back at the end. */
  undone?: boolean;
};

/** The connection of a scope, for one query or one nested transaction, which is a savepoint of it. */
class Lent implements DatabaseConnection {
  readonly #scope: Scope;
  #savepoint: string | null = null;
  #ended = (): void => {};

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#scope.open) throw new Error("a query came after the transaction that it belongs to had ended");
    return (await this.#scope.transaction.executeQuery(query)) as QueryResult<R>;
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  async begin(): Promise<void> {
    const before = this.#scope.turn;
    this.#scope.turn = new Promise((resolve) => (this.#ended = resolve));
    await before;
    const name = `nested_${(this.#scope.savepoints += 1)}`;
    try {
      await this.executeQuery(CompiledQuery.raw(`savepoint ${name}`));
      this.#savepoint = name;
    } catch (error) {
      this.#ended();
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.executeQuery(CompiledQuery.raw(`release savepoint ${this.#savepoint}`));
    this.#savepoint = null;
    this.#ended();
  }

  async rollback(): Promise<void> {
    if (this.#savepoint === null) return;
    try {
      await this.executeQuery(CompiledQuery.raw(`rollback to savepoint ${this.#savepoint}`));
      await this.executeQuery(CompiledQuery.raw(`release savepoint ${this.#savepoint}`));
    } finally {
      this.#ended();
    }
  }
}

/** Kysely's driver, but in a scope every connection is the scope's own and every transaction a savepoint of it. */
class NestingDriver implements Driver {
  readonly #driver: Driver;
  readonly #scopes: AsyncLocalStorage<Scope>;

  constructor(driver: Driver, scopes: AsyncLocalStorage<Scope>) {
    this.#driver = driver;
    this.#scopes = scopes;
  }

  init(options?: AbortableOperationOptions): Promise<void> {
    return this.#driver.init(options);
  }
  async acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection> {
    const scope = this.#scopes.getStore();
    return scope === undefined ? this.#driver.acquireConnection(options) : new Lent(scope);
  }
  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return connection instanceof Lent ? connection.begin() : this.#driver.beginTransaction(connection, settings);
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return connection instanceof Lent ? connection.commit() : this.#driver.commitTransaction(connection);
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return connection instanceof Lent ? connection.rollback() : this.#driver.rollbackTransaction(connection);
  }
  async releaseConnection(connection: DatabaseConnection, options?: AbortableOperationOptions): Promise<void> {
    if (!(connection instanceof Lent)) await this.#driver.releaseConnection(connection, options);
  }
  destroy(options?: AbortableOperationOptions): Promise<void> {
    return this.#driver.destroy(options);
  }
}

class NestingDialect extends PostgresDialect {
  readonly #scopes: AsyncLocalStorage<Scope>;

  constructor(pool: pg.Pool, scopes: AsyncLocalStorage<Scope>) {
    super({ pool, cursor: ArrivingRows });
    this.#scopes = scopes;
  }

  override createDriver(): Driver {
    return new NestingDriver(super.createDriver(), this.#scopes);
  }
}

/** Carries a result past the transaction that is taken back. */
class Undone<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

/**
 * Typed queries over a pool, which can put everything a piece of code does into one transaction without the code
 * knowing: its own transactions become savepoints. A request can so be tried and taken back, be done exactly once, or only
 * if nothing changed since it was last seen.
 */
export class RegionDatabase extends Kysely<Tables> {
  readonly #scopes: AsyncLocalStorage<Scope>;

  constructor(pool: pg.Pool, log?: LogConfig, plugins: KyselyPlugin[] = []) {
    const scopes = new AsyncLocalStorage<Scope>();
    super({ dialect: new NestingDialect(pool, scopes), plugins, ...(log !== undefined && { log }) });
    this.#scopes = scopes;
  }

  /**
   * Does work in one transaction. Whatever it asks of this database, however deep, is part of it; what it throws takes
   * everything back. Work must be over when it resolves.
   *
   * @throws AbortedTransactionError when a statement failed that work took no notice of
   */
  async together<T>({ isolated = false, undone = false }: Together, work: () => Promise<T>): Promise<T> {
    if (this.#scopes.getStore() !== undefined) throw new Error("such a transaction is open already");
    try {
      const begun = isolated ? this.transaction().setIsolationLevel("repeatable read") : this.transaction();
      return await begun.execute(async (transaction) => {
        const scope: Scope = { transaction, open: true, savepoints: 0, turn: Promise.resolve() };
        try {
          const value = await this.#scopes.run(scope, work);
          if (undone) throw new Undone(value);
          return value;
        } finally {
          scope.open = false;
        }
      });
    } catch (error) {
      if (error instanceof Undone) return (error as Undone<T>).value;
      throw error;
    }
  }
}

import type { ColumnType, GeneratedAlways } from "kysely";

/** jsonb: read as a value, written as text made by `json()`, since the driver would turn an array into a SQL array. */
export type Json<T> = ColumnType<T, string, string>;
export type JsonOrDefault<T> = ColumnType<T, string | undefined, string>;
/** timestamptz: read as Date. */
export type Instant = ColumnType<Date, Date, Date>;
export type InstantOrNow = ColumnType<Date, Date | undefined, Date>;
/** bigint identity: read as number (the pool parses int8; every identity here stays far below 2^53). */
export type Identity = GeneratedAlways<number>;

/** The part of a pino logger the region uses: fields first, then one sentence. Never secrets. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** For callers that do not care. */
export const noLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

import type { Cause } from "./cause.ts";

export const databaseDown = {
  code: "database-down",
  title: "The database does not answer",
  meaning:
    "The region cannot reach its database, or the database refuses work for the moment. Racks go on serving what they know; what is asked of the region is refused until the database is back.",
  blame: "outside",
  evidence: "The region's log holds the error of the database.",
  next: "Try again in a few seconds; if it lasts, look at the log of the database.",
  test: "test/wrong/disk-full.large.test.ts",
} as const satisfies Cause;

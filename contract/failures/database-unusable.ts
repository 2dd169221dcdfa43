import type { Cause } from "./cause.ts";

export const databaseUnusable = {
  code: "database-unusable",
  title: "The database that was named cannot be used",
  meaning:
    "The region was started with a PostgreSQL of the operator's own that does not let it in, has no such database, is too old, or does not let it make tables. Trying again changes nothing, so the region stops at once.",
  blame: "operator",
  evidence: "PostgreSQL's own words.",
  next: "Do what the sentence says, and start again; without --database Rackwright runs a private PostgreSQL.",
  test: "region/database/check.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const databaseDiskFull = {
  code: "database-disk-full",
  title: "The disk under the database is full",
  meaning:
    "The database cannot store anything more. What is stored stays readable, and racks renew the leases they know.",
  blame: "outside",
  evidence: "The region's log holds the error of the database.",
  next: "Free space on the file system of the database (the private one: the region's state folder); nothing must be restarted.",
  test: "test/wrong/disk-full.large.test.ts",
} as const satisfies Cause;

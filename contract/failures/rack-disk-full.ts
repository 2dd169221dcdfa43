import type { Cause } from "./cause.ts";

export const rackDiskFull = {
  code: "rack-disk-full",
  title: "The rack's disk is full",
  meaning:
    "A file of an image does not fit into the rack's store. Addresses and what is in the store are served; machines that need the file are told to ask again.",
  blame: "outside",
  evidence: "The files of the store that were used least.",
  next: "Free space on this file system, or delete images that no machine needs on the region; least used files of the store are listed.",
  test: "test/wrong/disk-full.large.test.ts",
} as const satisfies Cause;

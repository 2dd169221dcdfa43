import type { Cause } from "./cause.ts";

export const storageUnsupported = {
  code: "storage-unsupported",
  title: "The storage configuration is one the installer cannot make",
  meaning:
    "The machine's storage is configured with something that can be stored, but not installed on yet: a volume group, a RAID, a bcache, a VMFS datastore, an MBR, or a filesystem other than ext2, ext4, xfs, fat32 and swap; or it uses one disk as two, because its operating system sees it by two paths; or it lacks what its firmware boots from. The deployment is refused before the machine is touched.",
  blame: "operator",
  evidence: "Every device that is in the way, with the reason.",
  next: "Set the storage layout 'flat', or configure partitions with ext4 or xfs, then deploy again.",
  test: "region/storage/storage.test.ts",
} as const satisfies Cause;

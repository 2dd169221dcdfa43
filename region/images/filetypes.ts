/**
 * Kinds of files that can be uploaded as an image: by the word clients say, the role and the file name they have in the
 * image store. `squashfs` is what our installer puts on disks; the others are MAAS's words for archives of a root file
 * system and for whole disks, which are kept and shown, and refused when a machine shall be deployed with them.
 */
export const filetypes = {
  tgz: { role: "root-tgz", name: "root.tgz" },
  tbz: { role: "root-tbz", name: "root.tbz" },
  txz: { role: "root-txz", name: "root.txz" },
  ddtgz: { role: "root-dd", name: "root-dd" },
  ddtbz: { role: "root-dd.tar.bz2", name: "root-dd.tar.bz2" },
  ddtxz: { role: "root-dd.tar.xz", name: "root-dd.tar.xz" },
  ddtar: { role: "root-dd.tar", name: "root-dd.tar" },
  ddbz2: { role: "root-dd.bz2", name: "root-dd.bz2" },
  ddgz: { role: "root-dd.gz", name: "root-dd.gz" },
  ddxz: { role: "root-dd.xz", name: "root-dd.xz" },
  ddraw: { role: "root-dd.raw", name: "root-dd.raw" },
  squashfs: { role: "squashfs", name: "squashfs" },
} as const satisfies Record<string, { role: string; name: string }>;
export type Filetype = keyof typeof filetypes;

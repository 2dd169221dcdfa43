import assert from "node:assert/strict";
import { it } from "node:test";
import { imageNotForMemory, memoryTooSmall } from "@rackwright/contract";
import { checkMemory, missingForMemory, neededMemory, shortOfMemory } from "./memory.ts";

const mebibyte = 1024 * 1024;
const file = (role: string, size: number) => ({ role, name: role, sha256: "a".repeat(64), size });
const image = {
  name: "debian-12",
  architecture: "amd64" as const,
  files: [file("squashfs", 300 * mebibyte), file("boot-kernel", 8 * mebibyte), file("boot-initrd", 14 * mebibyte)],
};

it("needs room for the image and for the system that runs beside it", () => {
  assert.equal(neededMemory(image), 812 * mebibyte);
  assert.equal(shortOfMemory(812 * mebibyte, image), null);
  assert.equal(shortOfMemory(null, image), null, "what is not known is not held against the machine");
});

it("says how much is missing", () => {
  assert.deepEqual(shortOfMemory(768 * mebibyte, image), {
    code: memoryTooSmall.code,
    message: "The machine has 768 MiB of memory; debian-12 needs 812 MiB to run from it.",
    evidence: ["image 300 MiB, the system that runs 512 MiB", "memory by the inventory: 768 MiB"],
    next: memoryTooSmall.next,
  });
});

it("says what an image lacks to run from memory", () => {
  const failure = missingForMemory({ ...image, files: image.files.slice(0, 2) });
  assert.equal(failure?.code, imageNotForMemory.code);
  assert.equal(failure.message, "debian-12 cannot run from memory: it has no boot-initrd.");
  assert.deepEqual(failure.evidence, ["its files: squashfs, boot-kernel"]);
  assert.equal(missingForMemory(image), null);
  assert.equal(checkMemory(null, image), null, "a machine without an inventory may try");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseRange } from "./range.ts";
import { parseTarget } from "./target.ts";

const hash = "ab".repeat(32);

test("who answers which target", () => {
  assert.deepEqual(parseTarget(`/images/${hash.toUpperCase()}/ubuntu/amd64/squashfs?x=1`), {
    kind: "image",
    hash,
    name: "ubuntu/amd64/squashfs",
  });
  assert.deepEqual(parseTarget("//grub//grub.cfg-52:54:00:00:00:01"), {
    kind: "boot",
    path: "grub/grub.cfg-52:54:00:00:00:01",
  });
  assert.deepEqual(parseTarget("/images/bootx64.efi"), { kind: "boot", path: "images/bootx64.efi" });
  assert.deepEqual(parseTarget("\\grub\\grub.cfg"), {
    kind: "refused",
    status: 400,
    why: "the request target must be a path",
  });
  assert.deepEqual(parseTarget("http://10.0.0.1:5248/ipxe.cfg"), { kind: "boot", path: "ipxe.cfg" });
  assert.deepEqual(parseTarget("//MAAS///metadata//latest/by-id/x/?op=get_preseed&a=//b#c"), {
    kind: "region",
    target: "/MAAS/metadata/latest/by-id/x/?op=get_preseed&a=//b",
  });
  assert.deepEqual(parseTarget("/agent/main.js"), { kind: "region", target: "/agent/main.js" });
  assert.deepEqual(parseTarget("/MAASX/y"), { kind: "boot", path: "MAASX/y" });
});

test("no spelling of traversal passes", () => {
  const bad = [
    "/../etc/passwd",
    "/images/../../etc/passwd",
    `/images/${hash}/../../x`,
    "/%2e%2e/etc/passwd",
    "/MAAS/%2e%2e/%2E%2e/x",
    "/MAAS/..%2fx",
    "/a%5c..%5cb",
    "/a\\..\\b",
    "/%252e%252e/x",
    "/%25252e%25252e/x",
    "/a%00b",
    "/a%0d%0ab",
    "/%ff",
    "/%",
    "*",
    "",
    "host:80",
    "/MAAS/../images/x",
  ];
  for (const target of bad) assert.equal(parseTarget(target).kind, "refused", target);
  const parts = fc.array(
    fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "%2e",
      "%2f",
      "%5c",
      "%25",
      "2e",
      "%00",
      "images",
      hash,
      "MAAS",
      "?",
      "#",
      "a",
    ),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        parts.map((list) => `/${list.join("")}`),
        fc.string(),
      ),
      (target) => {
        const result = parseTarget(target);
        if (result.kind === "boot") assert.doesNotMatch(result.path, /^\/|\\|\0|%[0-9a-f]{2}|(^|\/)\.\.?(\/|$)/i);
        if (result.kind === "region")
          assert.doesNotMatch(decodeURIComponent(result.target.split("?")[0] ?? ""), /\\|\0|(^|\/)\.\.(\/|$)/);
        if (result.kind === "image") assert.match(result.hash, /^[0-9a-f]{64}$/);
      },
    ),
    { numRuns: 5000 },
  );
});

test("ranges of RFC 9110 §14.1.2", () => {
  const part = (start: number, end: number) => ({ kind: "part", start, end });
  assert.deepEqual(parseRange("bytes=0-499", 10_000), part(0, 500));
  assert.deepEqual(parseRange("bytes=500-999", 10_000), part(500, 1000));
  assert.deepEqual(parseRange("bytes=-500", 10_000), part(9500, 10_000));
  assert.deepEqual(parseRange("bytes=9500-", 10_000), part(9500, 10_000));
  assert.deepEqual(parseRange("bytes=9999-20000", 10_000), part(9999, 10_000));
  assert.deepEqual(parseRange("bytes=-20000", 10_000), part(0, 10_000));
  assert.deepEqual(parseRange("bytes=10000-", 10_000), { kind: "unsatisfiable" });
  assert.deepEqual(parseRange("bytes=-0", 10_000), { kind: "unsatisfiable" });
  for (const ignored of [undefined, "bytes=5-4", "bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=a-b", "bytes 0-1"]) {
    assert.deepEqual(parseRange(ignored, 10_000), { kind: "whole" }, ignored);
  }
});

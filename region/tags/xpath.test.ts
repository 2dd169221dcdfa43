import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { refuseXpath } from "./xpath.ts";

test("expressions as people write them for lshw may be asked", () => {
  for (const expression of [
    '//node[@id="display"]/vendor[contains(., "NVIDIA")]',
    "boolean(//node[@class='network' and size > 1000000000])",
    "count(//node[@class='disk']) >= 4 and not(//node[@id='usb'])",
    "//node[@class='network'][.//capability[@id='10000bt-fd']]",
    "//node[../node/@id='raid'] | //node[parent::node/@id='core']",
    "//node[ancestor::node[@id='pci'] and (vendor = 'Mellanox' or vendor='[x//y')]",
    "sum(//node[@id='memory']/size) div 1024 > 16 * 2",
    "//node[following-sibling::node/@id='b']",
    "/list/node/*[3]/* * 2 > /list/node/@x - 1",
    "//and/or[div and mod]",
  ])
    assert.equal(refuseXpath(expression), null, expression);
});

test("what grows faster than the square of a document is refused, with the reason", () => {
  for (const [expression, reason] of [
    ["//node[//node[//node]]", /inside \[ \] must not begin at the root/],
    ["//a[count(/x) > 1]", /must not begin at the root/],
    ["//a[b or //c]", /must not begin at the root/],
    ["//a[(//c)]", /must not begin at the root/],
    ["//a[2 * //c]", /must not begin at the root/],
    ["//a[../..//b]", /must not go up and then search/],
    ["//a[ancestor::*/descendant::b]", /must not go up and then search/],
    ["//a[(..)//b]", /must not go up and then search/],
    ["//a[.//b[.//c[.//d]]]", /two levels/],
    ["//a[../b[../c[../d]]]", /two levels/],
    ["//*/following::*", /following:: may only begin/],
    ["//*/preceding-sibling::*", /preceding-sibling:: may only begin/],
    ["//a[b/following-sibling::c]", /following-sibling:: may only begin/],
    ["1) or (1", /'\)' has no opening/],
    ["//a[b", /'\[' is not closed/],
    ["(//a]", /'\]' has no opening/],
  ] as const)
    assert.match(refuseXpath(expression) ?? "", reason, expression);
});

test("brackets inside quotation marks do not count, and every text gets an answer", () => {
  assert.equal(refuseXpath("//a[. = ')//[']"), null);
  const pieces = fc.constantFrom(
    "//",
    "/",
    "..",
    ".",
    "[",
    "]",
    "(",
    ")",
    "a",
    "*",
    "and",
    "::",
    "ancestor",
    "@",
    "'",
    '"',
    " ",
    "following",
    "1",
    "|",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 40 }).map((all) => all.join("")),
      ),
      (expression) => {
        const refused = refuseXpath(expression);
        assert.ok(refused === null || refused.length > 10);
      },
    ),
    { numRuns: 1000 },
  );
});

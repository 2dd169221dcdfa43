import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { bytes, diskSize, printable, showList, silentTerminal, table } from "./terminal.ts";

test("tables line up, bytes read well", () => {
  const rows = [
    ["1", "long"],
    ["22", "x"],
  ];
  assert.deepEqual(table(["id", "name"], rows), ["ID  NAME", "1   long", "22  x"]);
  assert.deepEqual([0, 1536, 8 * 1024 ** 3, null].map(bytes), ["0 B", "1.5 KiB", "8 GiB", "-"]);
  assert.deepEqual([0, 480e9, 1.92e12, 515_396_075_520, null].map(diskSize), [
    "0 B",
    "480 GB",
    "1.9 TB",
    "515 GB",
    "-",
  ]);
});

test("what does not fit is cut, after columns that say nothing are left out", () => {
  const rows = [["host", "-", "a".repeat(40)]];
  assert.deepEqual(table(["name", "tags", "why"], rows, 60)[1], `host  -     ${"a".repeat(40)}`);
  assert.deepEqual(table(["name", "tags", "why"], rows, 30), ["NAME  WHY", `host  ${"a".repeat(23)}…`]);
});

test("a table keeps to the width wherever its columns can be cut that far", () => {
  const cells = fc.array(fc.array(fc.stringMatching(/^[a-z ]{0,60}$/), { minLength: 4, maxLength: 4 }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(cells, fc.integer({ min: 60, max: 120 }), (rows, width) => {
      const lines = table(["one", "two", "three", "four"], rows, width);
      assert.equal(lines.length, rows.length + 1);
      assert.ok(lines.every((line) => line.length <= width));
    }),
  );
});

test("an empty list says so in words, not in a header", () => {
  const printed: string[] = [];
  const said: string[] = [];
  const terminal = {
    ...silentTerminal,
    print: (line: string) => printed.push(line),
    say: (line: string) => said.push(line),
  };
  showList(terminal, ["name"], [], "No tag yet.");
  assert.deepEqual([printed, said], [[], ["No tag yet."]]);
});

test("nothing a stranger says moves the cursor or renames the window", () => {
  assert.equal(printable("a\u001b[31mred\u001b[0m\u001b]0;owned\u0007\tb\nc\u009b2J"), "ared]0;owned\tb\nc\\u009b2J");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/(?![\t\n])\p{Cc}/u.test(printable(text))));
});

test("JSON is the same value after it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const whole = JSON.stringify([value, text, "\u009b[31m\u007f"]);
      assert.equal(JSON.stringify(JSON.parse(printable(whole))), whole);
    }),
  );
});

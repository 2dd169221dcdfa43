import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { type Pairs, TooLarge, parseForm, parsePairs, readBody } from "./body.ts";

const crlf = (...lines: string[]) => Buffer.from(lines.join("\r\n"));
const pairsOf = (body: Buffer | string, type: string) => parseForm(Buffer.from(body), type).pairs;

describe("bodies of clients", () => {
  test("the maas command line: multipart, every part in base64", () => {
    const body = crlf(
      "--===12==",
      'Content-Disposition: form-data; name="hostname"',
      "MIME-Version: 1.0",
      'Content-Type: text/plain; charset="utf-8"',
      "Content-Transfer-Encoding: base64",
      "",
      Buffer.from("naïve host").toString("base64"),
      "",
      "--===12==",
      'Content-Disposition: form-data; name="script"; filename="script"',
      "Content-Transfer-Encoding: base64",
      "",
      Buffer.from([0, 255, 1]).toString("base64"),
      "--===12==--",
      "",
    );
    const { pairs, uploads } = parseForm(body, 'multipart/form-data; boundary="===12=="');
    assert.deepEqual(pairs, [["hostname", "naïve host"]]);
    assert.deepEqual(uploads, [{ field: "script", filename: "script", data: Buffer.from([0, 255, 1]) }]);
  });

  test("python-libmaas: multipart of no parts at all", () => {
    assert.deepEqual(pairsOf(crlf("--b--", ""), "multipart/form-data; boundary=b"), []);
    assert.deepEqual(pairsOf(crlf("--b", "", "--b--", ""), "multipart/form-data; boundary=b"), []);
    assert.deepEqual(pairsOf("", "multipart/form-data; boundary=b"), []);
  });

  test("the Ansible collection: no types, a quoted boundary, no line break at the end", () => {
    const body = crlf("--b", 'Content-Disposition: form-data; name="tags"', "", "['a', 'b']", "--b--");
    assert.deepEqual(pairsOf(body, 'multipart/form-data; boundary="b"'), [["tags", "['a', 'b']"]]);
    assert.deepEqual(pairsOf(crlf("--b--"), 'multipart/form-data; boundary="b"'), []);
  });

  test("gomaasapi: urlencoded, names several times, plus for a blank", () => {
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    assert.deepEqual(pairsOf("tags=a&tags=b&name=x+y%2B&empty=", type), [
      ["tags", "a"],
      ["tags", "b"],
      ["name", "x y+"],
      ["empty", ""],
    ]);
  });

  test("JSON: values, lists, and what is no text as a form would have it", () => {
    const value = { name: "x", add: ["a", "b"], on: true, size: 1.5, none: null, power: { user: "u" }, no: [] };
    assert.deepEqual(pairsOf(JSON.stringify(value), "application/json"), [
      ["name", "x"],
      ["add", "a"],
      ["add", "b"],
      ["on", "true"],
      ["size", "1.5"],
      ["none", ""],
      ["power", '{"user":"u"}'],
    ]);
  });

  test("of another kind they are the operation's", () => {
    assert.deepEqual(parseForm(Buffer.from("op=x"), "application/octet-stream"), { pairs: [], uploads: [] });
    assert.deepEqual(parseForm(Buffer.from("op=x"), undefined), { pairs: [], uploads: [] });
  });
});

describe("bodies that are refused", () => {
  test("what is not what it says", () => {
    for (const [body, type] of [
      ["{", "application/json"],
      ["[1]", "application/json"],
      ["null", "application/json"],
      ["x", "multipart/form-data; boundary=b"],
      ["--b\r\n", "multipart/form-data; boundary=b"],
      ["--b--", "multipart/form-data"],
    ] as const)
      assert.throws(() => pairsOf(body, type), InputError, body);
  });

  test("too many parameters", () => {
    assert.equal(parsePairs("a=&".repeat(19_999)).length, 19_999);
    assert.throws(() => parsePairs("&".repeat(1_000_000)), InputError);
    assert.throws(() => pairsOf(JSON.stringify({ a: Array(20_001).fill(0) }), "application/json"), InputError);
  });

  test("too large ones, at once where they say so", async () => {
    const stream = (...pieces: string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));
    assert.equal((await readBody(stream("ab", "cd"), "4", 4)).toString(), "abcd");
    await assert.rejects(readBody(stream("ab", "cde"), undefined, 4), TooLarge);
    const unread = stream("a");
    await assert.rejects(readBody(unread, "5", 4), TooLarge);
    assert.equal(unread.readableDidRead, false);
  });

  test("nothing else than refusing happens to whatever comes", () => {
    const type = fc.constantFrom(
      "application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=b",
      'multipart/form-data; boundary="b"',
      "multipart/form-data; boundary=",
      "text/plain",
    );
    const pieces = fc.array(
      fc.constantFrom(
        "--b",
        "--b--",
        "\r\n",
        "\n",
        'Content-Disposition: form-data; name="a"',
        "x",
        "=",
        "&",
        "[",
        "{",
        '"',
        "%",
      ),
      { maxLength: 20 },
    );
    const body = fc.oneof(
      pieces.map((parts) => Buffer.from(parts.join(""))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.from("[".repeat(100_000))),
      fc.constant(Buffer.from(`{"a":[${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}]}`)),
    );
    fc.assert(
      fc.property(body, type, (bytes, contentType) => {
        try {
          parseForm(bytes, contentType);
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("multipart and urlencoded bodies carry any text there and back", () => {
  const name = fc.stringMatching(/^[a-z_]{1,10}$/);
  const value = fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), fc.boolean(), (pairs, encoded) => {
      const sent: Pairs = pairs.map(([key, text]) => [key, text]);
      const urlencoded = new URLSearchParams(sent).toString();
      assert.deepEqual(pairsOf(urlencoded, "application/x-www-form-urlencoded"), sent);
      const parts = sent.map(([key, text]) => {
        const head = encoded ? "\r\nContent-Transfer-Encoding: base64" : "";
        const data = encoded ? Buffer.from(text).toString("base64") : text;
        return `--=b=\r\nContent-Disposition: form-data; name="${key}"${head}\r\n\r\n${data}\r\n`;
      });
      assert.deepEqual(pairsOf(`${parts.join("")}--=b=--`, 'multipart/form-data; boundary="=b="'), sent);
    }),
  );
});

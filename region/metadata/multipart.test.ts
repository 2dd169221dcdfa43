import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { boundaryOf, parseMultipart } from "./multipart.ts";
import { formField, parseForm, parseSignal } from "./signal.ts";
import { InputError } from "../errors.ts";

const part = (name: string, content: Buffer, filename?: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--XyZ\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n\r\n`,
    ),
    content,
    Buffer.from("\r\n"),
  ]);
const end = Buffer.from("--XyZ--\r\n");

describe("multipart forms", () => {
  it("finds the boundary", () => {
    assert.equal(boundaryOf("multipart/form-data; boundary=XyZ"), "XyZ");
    assert.equal(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b;c"'), "a b;c");
    for (const text of [
      undefined,
      "",
      "multipart/mixed; boundary=x",
      "multipart/form-data",
      "multipart/form-data; boundary=",
    ]) {
      assert.equal(boundaryOf(text), null, text);
    }
  });

  it("reads what curl -F sends", () => {
    const body = Buffer.concat([
      Buffer.from('--XyZ\r\nContent-Disposition: form-data; name="op"\r\n\r\nsignal\r\n'),
      Buffer.from(
        '--XyZ\r\nContent-Disposition: form-data; name="log"; filename="log.txt"\r\nContent-Type: text/plain\r\n\r\nline\r\n\r\n--Xy\r\n',
      ),
      end,
    ]);
    assert.deepEqual(
      parseMultipart(body, "XyZ")?.map(({ name, filename, content }) => [name, filename, content.toString()]),
      [
        ["op", null, "signal"],
        ["log", "log.txt", "line\r\n\r\n--Xy"],
      ],
    );
  });

  it("reads what encoders built on mail libraries send", () => {
    const body =
      "preamble\r\n--XyZ\r\nContent-Type: application/octet-stream\r\nMIME-Version: 1.0\r\n" +
      'Content-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name="lshw.out"; filename="lshw.out"\r\n\r\n' +
      "PHhtbC8+\r\nCg==\r\n--XyZ--";
    assert.equal(parseMultipart(Buffer.from(body), "XyZ")?.[0]?.content.toString(), "<xml/>\n");
  });

  it("gives back any content that was put in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z.]{1,20}$/), fc.uint8Array({ maxLength: 300 }), fc.boolean()), {
          maxLength: 10,
        }),
        (parts) => {
          const body = Buffer.concat([
            ...parts.map(([name, content, file]) => part(name, Buffer.from(content), file ? name : undefined)),
            end,
          ]);
          const read = parseMultipart(body, "XyZ");
          assert.deepEqual(
            read?.map(({ name, filename, content }) => [name, filename, [...content]]),
            parts.map(([name, content, file]) => [name, file ? name : null, [...content]]),
          );
        },
      ),
    );
  });

  it("refuses what is cut off, or has too many parts", () => {
    const whole = Buffer.concat([part("a", Buffer.from("1")), part("b", Buffer.from("2")), end]);
    for (let length = 0; length < whole.length - 4; length++) {
      assert.equal(parseMultipart(whole.subarray(0, length), "XyZ"), null, `cut to ${length} bytes`);
    }
    assert.equal(parseMultipart(Buffer.concat([...Array(65).fill(part("a", Buffer.from("1"))), end]), "XyZ"), null);
  });

  it("survives changed bytes", () => {
    const whole = Buffer.concat([
      part("op", Buffer.from("signal")),
      part("status", Buffer.from("OK")),
      part("x", Buffer.from("y"), "x"),
      end,
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(whole.length),
        (changes, length) => {
          const body = Buffer.from(whole);
          for (const [at, byte] of changes) body[at] = byte;
          try {
            parseSignal(parseForm("multipart/form-data; boundary=XyZ", body.subarray(0, length)));
          } catch (error) {
            assert.ok(error instanceof InputError, String(error));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("takes a large form in a short time", () => {
    const body = Buffer.concat([part("a", Buffer.alloc(8_000_000, "\r\n--Xy")), end]);
    const started = performance.now();
    assert.equal(parseMultipart(body, "XyZ")?.length, 1);
    assert.ok(performance.now() - started < 2000);
  });
});

describe("urlencoded forms", () => {
  it("are forms too", () => {
    const form = parseForm(
      "application/x-www-form-urlencoded; charset=utf-8",
      Buffer.from("op=netboot_off&a=%C3%A9+b"),
    );
    assert.equal(formField(form, "op"), "netboot_off");
    assert.equal(formField(form, "a"), "é b");
    assert.equal(formField(form, "b"), undefined);
  });
});

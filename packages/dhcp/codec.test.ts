import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeMessage } from "./decode.ts";
import { encodeMessage, encodeWholeMessage } from "./encode.ts";
import { DhcpFormatError, type DhcpMessage } from "./message.ts";
import { textValue, u8Value } from "./option-values.ts";
import { printMessage, printSummary } from "./print.ts";
import { classifyClient } from "./client-class.ts";
import { clientLink, readRelayAgent } from "./relay-agent.ts";
import { sample } from "./testing/sample.ts";

const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString("hex");

test("a message is padded to 300 bytes and ends with 255", () => {
  const bytes = encodeWholeMessage(sample());
  assert.equal(bytes.length, 300);
  assert.equal(hex(bytes.subarray(236, 244)), "63825363350101ff");
});

test("an option in several pieces is joined (RFC 3396)", () => {
  const bytes = Buffer.from(encodeWholeMessage(sample({ options: new Map([[53, u8Value(1)]]) })));
  Buffer.from("0f0361620043026163430164ff", "hex").copy(bytes, 243);
  assert.deepEqual(
    [...decodeMessage(bytes).options].map(([code, value]) => [code, hex(value)]),
    [
      [53, "01"],
      [15, "616200"],
      [67, "616364"],
    ],
  );
});

test("an option of 600 bytes is split on the wire and comes back whole", () => {
  const value = Uint8Array.from({ length: 600 }, (_, index) => index & 255);
  const bytes = encodeWholeMessage(
    sample({
      options: new Map([
        [53, u8Value(1)],
        [43, value],
      ]),
    }),
    1400,
  );
  assert.equal(hex(decodeMessage(bytes).options.get(43)), hex(value));
});

test("options that do not fit go into file and sname (option 52)", () => {
  const options = new Map([[53, u8Value(2)]]);
  for (const [index, size] of [200, 60, 100, 50].entries()) options.set(224 + index, new Uint8Array(size).fill(index));
  const { bytes, dropped } = encodeMessage(sample({ options }), 548);
  assert.deepEqual(dropped, []);
  assert.ok(bytes.length <= 548);
  const back = decodeMessage(bytes);
  assert.equal(hex(back.options.get(52)), "03");
  for (const code of [224, 225, 226, 227]) assert.equal(hex(back.options.get(code)), hex(options.get(code)));
});

test("what fits nowhere is named, not cut; option 82 stays and is last", () => {
  const agent = Uint8Array.of(1, 4, 1, 2, 3, 4);
  const options = new Map([
    [82, agent],
    [53, u8Value(2)],
    [224, new Uint8Array(250)],
    [225, new Uint8Array(250)],
  ]);
  options.set(226, textValue("small"));
  const { bytes, dropped } = encodeMessage(sample({ options, bootFile: "a", serverName: "b" }), 548);
  assert.deepEqual(dropped, [225]);
  assert.deepEqual([...decodeMessage(bytes).options.keys()], [53, 224, 226, 82]);
  assert.equal(hex(bytes).includes("5206010401020304ff"), true);
});

test("malformed packets are refused with the field", () => {
  const good = Buffer.from(encodeWholeMessage(sample()));
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = value;
    return copy;
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^length: 0 bytes/],
    [good.subarray(0, 239), /^length: 239 bytes/],
    [changed(236, 0), /^cookie: 0x00825363/],
    [changed(2, 17), /^hlen: 17/],
    [changed(241, 255), /^options: option 53 of 255 bytes runs over the end/],
  ];
  for (const [bytes, message] of cases) assert.throws(() => decodeMessage(bytes), { name: "DhcpFormatError", message });
});

test("random and mutated bytes never break decoding, printing or classification", () => {
  const good = encodeWholeMessage(
    sample({
      options: new Map([
        [53, u8Value(1)],
        [82, Uint8Array.of(1, 2, 3, 4)],
        [77, textValue("iPXE")],
      ]),
    }),
  );
  const attempt = (bytes: Uint8Array): void => {
    let message: DhcpMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      assert.ok(error instanceof DhcpFormatError);
      return;
    }
    assert.match(printSummary(message), /^[\x20-\x7e]*$/);
    assert.match(printMessage(message), /^[\x20-\x7e\n]*$/);
    classifyClient(message);
    clientLink(message);
    readRelayAgent(message);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), attempt), { numRuns: 500 });
  const mutation = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 });
  fc.assert(
    fc.property(mutation, fc.nat(good.length), (changes, length) => {
      const bytes = Uint8Array.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      attempt(bytes);
      attempt(bytes.subarray(0, length));
    }),
    { numRuns: 3000 },
  );
});

test("any options survive the way there and back, or are named as dropped", () => {
  const option = fc.tuple(
    fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52 && code !== 53),
    fc.uint8Array({ maxLength: 400 }),
  );
  fc.assert(
    fc.property(fc.array(option, { maxLength: 12 }), fc.integer({ min: 300, max: 1472 }), (list, room) => {
      const options = new Map([[53, u8Value(5)] as [number, Uint8Array], ...list.filter(([code]) => code !== 82)]);
      const { bytes, dropped } = encodeMessage(sample({ options }), room);
      assert.ok(bytes.length <= Math.max(room, 300));
      const back = decodeMessage(bytes).options;
      for (const [code, value] of options)
        assert.equal(
          dropped.includes(code) ? undefined : hex(value),
          dropped.includes(code) ? undefined : hex(back.get(code)),
        );
      for (const code of dropped) assert.equal(back.has(code), false);
    }),
    { numRuns: 500 },
  );
});

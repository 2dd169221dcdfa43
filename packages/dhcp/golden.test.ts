import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { classifyClient } from "./client-class.ts";
import { decodeMessage } from "./decode.ts";
import { encodeWholeMessage } from "./encode.ts";
import { printMessage } from "./print.ts";

/** Packets captured from SeaBIOS with iPXE, OVMF, udhcpc, dhclient and perfdhcp, as hexadecimal UDP payloads. */
const folder = new URL("testdata/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".hex"))
  .map((name) => name.slice(0, -4));

function captured(name: string): Uint8Array {
  return Buffer.from(readFileSync(new URL(`${name}.hex`, folder), "utf8").replaceAll(/\s/g, ""), "hex");
}

test("there are captures", () => assert.ok(names.length >= 9));

for (const name of names) {
  test(`${name} prints as its golden`, () => {
    const message = decodeMessage(captured(name));
    const { kind, firmware, architecture, guid } = classifyClient(message);
    const shown = `${printMessage(message)}class ${kind} ${firmware ?? "-"} ${architecture ?? "-"} ${guid ?? "-"}\n`;
    const golden = new URL(`${name}.txt`, folder);
    if (process.env["UPDATE_GOLDENS"] === "1") {
      writeFileSync(golden, shown);
      assert.fail(`${name}.txt was rewritten: look at the difference, then run again without UPDATE_GOLDENS`);
    }
    assert.equal(shown, readFileSync(golden, "utf8"));
  });

  test(`${name} is the same after encoding and decoding`, () => {
    const message = decodeMessage(captured(name));
    assert.deepEqual(plain(decodeMessage(encodeWholeMessage(message))), plain(message));
  });
}

function plain(message: ReturnType<typeof decodeMessage>): unknown {
  const options = [...message.options].map(([code, value]) => [code, Buffer.from(value).toString("hex")] as const);
  const sorted = options.toSorted(([a], [b]) => a - b);
  return { ...message, hardwareAddress: Buffer.from(message.hardwareAddress).toString("hex"), options: sorted };
}

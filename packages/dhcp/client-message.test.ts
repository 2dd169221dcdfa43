import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { classifyClient } from "./client-class.ts";
import { bootProgramMessage, type BootProgram } from "./client-message.ts";
import { decodeMessage } from "./decode.ts";
import { encodeWholeMessage } from "./encode.ts";

const uuid = "4c4c4544-0042-3510-8056-b4c04f4a4d31";
const programs: Record<string, Omit<BootProgram, "mac" | "uuid">> = {
  "ovmf-pxe-discover": { program: "pxe", architectureCode: 7 },
  "ovmf-http-discover": { program: "uefi-http", architectureCode: 16 },
  "ipxe-bios-discover": { program: "ipxe", architectureCode: 0 },
};

for (const [capture, program] of Object.entries(programs))
  test(`a message made for the program of ${capture} says what the program itself said`, () => {
    const hex = readFileSync(new URL(`testdata/${capture}.hex`, import.meta.url), "utf8").replaceAll(/\s/g, "");
    const real = decodeMessage(Buffer.from(hex, "hex"));
    const made = decodeMessage(encodeWholeMessage(bootProgramMessage({ ...program, mac: real.mac, uuid })));
    const told = ({ flags, options }: typeof made) => ({
      flags,
      // iPXE's own list holds versions and a board's identity, which decide nothing.
      options: [...options]
        .filter(([code]) => code !== 175)
        .map(([code, value]) => [code, Buffer.from(value).toString("hex")])
        .sort(([a], [b]) => Number(a) - Number(b)),
    });
    assert.deepEqual(told(made), told(real));
    assert.deepEqual(classifyClient(made).kind, classifyClient(real).kind);
  });

test("a REQUEST names server and address, a relayed message its relay, and a wrong UUID is refused", () => {
  const program: BootProgram = { mac: "52:54:00:00:00:01", program: "pxe", architectureCode: 0 };
  const chosen = { address: "10.0.0.9", server: "10.0.0.1" };
  const request = bootProgramMessage(program, chosen, "10.0.9.1");
  assert.deepEqual([...(request.options.get(50) ?? [])], [10, 0, 0, 9]);
  assert.deepEqual([...(request.options.get(54) ?? [])], [10, 0, 0, 1]);
  assert.deepEqual([request.relayAddress, request.hops], ["10.0.9.1", 1]);
  assert.equal(request.options.has(97), false);
  assert.throws(() => bootProgramMessage({ ...program, uuid: "not-one" }), /uuid 'not-one'/);
});

test("each kind of firmware is taken for what it is", () => {
  const kind = (program: BootProgram["program"], architectureCode: number): string =>
    classifyClient(bootProgramMessage({ mac: "52:54:00:00:00:01", program, architectureCode })).kind;
  assert.equal(kind("pxe", 0), "pxe-bios");
  assert.equal(kind("pxe", 11), "pxe-uefi-arm64");
  assert.equal(kind("uefi-http", 19), "http-uefi-arm64");
  assert.equal(kind("ipxe", 7), "ipxe");
  assert.equal(kind("pxe", 6), "netboot-other");
});

import assert from "node:assert/strict";
import test from "node:test";
import { hex, MalformedError } from "./bytes.ts";
import { CAPTURES } from "./captures.ts";
import { decodeChannelAuthentication, encodeChannelAuthenticationRequest } from "./channel-auth.ts";
import { decodeChassisStatus } from "./chassis.ts";
import { decodeFrame, encodePlainFrame, encodePlusFrame, PAYLOAD } from "./frame.ts";
import type { PlusFrame } from "./frame.ts";
import { rakp2Code, rakp3Code, rakp4Check, sessionKeys, toKey } from "./keys.ts";
import type { Handshake } from "./keys.ts";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "./message.ts";
import { decodeOpenSessionRequest, decodeOpenSessionResponse, encodeOpenSessionRequest } from "./open-session.ts";
import { seal, unseal } from "./protect.ts";
import type { Protection } from "./protect.ts";
import { decodeRakp1, encodeRakp1 } from "./rakp1.ts";
import { decodeRakp2 } from "./rakp2.ts";
import { decodeRakp3, encodeRakp3 } from "./rakp3.ts";
import { decodeRakp4, encodeRakp4 } from "./rakp4.ts";
import { decodeRmcp } from "./rmcp.ts";
import { cipherSuite, suiteOf } from "./suites.ts";

type Capture = (typeof CAPTURES)[number];

function body(capture: Capture, at: number): Uint8Array {
  return decodeRmcp(Uint8Array.from(Buffer.from(capture.datagrams[at] ?? "", "hex"))).body;
}

function plus(capture: Capture, at: number): PlusFrame {
  const frame = decodeFrame(body(capture, at));
  assert.equal(frame.format, "2.0");
  return frame;
}

/** The handshake both ends had, read from the datagrams. */
function handshakeOf(capture: Capture): Handshake {
  const request = decodeOpenSessionRequest(plus(capture, 2).payload);
  const response = decodeOpenSessionResponse(plus(capture, 3).payload);
  const rakp1 = decodeRakp1(plus(capture, 4).payload);
  const rakp2 = decodeRakp2(plus(capture, 5).payload);
  assert.ok("bmcId" in response && "code" in rakp2);
  assert.equal(response.consoleId, request.consoleId);
  assert.equal(rakp1.bmcId, response.bmcId);
  return {
    suite: cipherSuite(capture.suite),
    consoleId: request.consoleId,
    bmcId: response.bmcId,
    consoleRandom: rakp1.consoleRandom,
    bmcRandom: rakp2.bmcRandom,
    guid: rakp2.guid,
    role: rakp1.role,
    username: rakp1.username,
    kuid: toKey(new TextEncoder().encode(capture.password)),
  };
}

for (const capture of CAPTURES) {
  test(`suite ${capture.suite}: the questions before the session`, () => {
    const asked = decodeFrame(body(capture, 0));
    const request = decodeRequest(asked.payload);
    assert.deepEqual([request.netFn, request.command, hex(request.data)], [6, 0x38, "8e04"]);
    assert.deepEqual(
      encodePlainFrame(encodeRequest({ ...request, data: encodeChannelAuthenticationRequest(4) }, 0)),
      body(capture, 0),
    );
    const answer = decodeResponse(decodeFrame(body(capture, 1)).payload);
    assert.equal(decodeChannelAuthentication(answer.data).speaks20, true);
    const open = decodeOpenSessionRequest(plus(capture, 2).payload);
    assert.equal(suiteOf(open.algorithms, [3, 17])?.id, capture.suite);
    assert.deepEqual(encodePlusFrame(PAYLOAD.openRequest, encodeOpenSessionRequest(open)), body(capture, 2));
  });

  test(`suite ${capture.suite}: RAKP codes and keys are those of ipmitool`, () => {
    const handshake = handshakeOf(capture);
    assert.equal(new TextDecoder().decode(handshake.username), capture.username);
    const rakp1 = decodeRakp1(plus(capture, 4).payload);
    assert.deepEqual(encodePlusFrame(PAYLOAD.rakp1, encodeRakp1(rakp1)), body(capture, 4));
    const rakp2 = decodeRakp2(plus(capture, 5).payload);
    assert.ok("code" in rakp2);
    assert.equal(hex(rakp2Code(handshake)), hex(rakp2.code));
    const rakp3 = decodeRakp3(plus(capture, 6).payload);
    assert.equal(hex(rakp3Code(handshake)), hex(rakp3.code));
    assert.deepEqual(encodePlusFrame(PAYLOAD.rakp3, encodeRakp3(rakp3)), body(capture, 6));
    const keys = sessionKeys(handshake);
    assert.equal(hex(keys.integrity), capture.k1);
    assert.equal(hex(keys.confidentiality), capture.k2.slice(0, 32));
    const rakp4 = decodeRakp4(plus(capture, 7).payload);
    assert.equal(hex(rakp4Check(handshake, keys.sik)), hex(rakp4.check));
    assert.deepEqual(encodePlusFrame(PAYLOAD.rakp4, encodeRakp4(rakp4)), body(capture, 7));
  });

  test(`suite ${capture.suite}: every protected packet opens, and seals to the same bytes`, () => {
    const handshake = handshakeOf(capture);
    const protection: Protection = { suite: handshake.suite, keys: sessionKeys(handshake) };
    const commands: string[] = [];
    for (let at = 8; at < capture.datagrams.length; at += 1) {
      const frame = plus(capture, at);
      const payload = unseal(protection, frame);
      const { payloadType, sessionId, sequence } = frame;
      const iv = frame.payload.subarray(0, 16);
      assert.deepEqual(seal(protection, { payloadType, sessionId, sequence, payload, iv }), body(capture, at));
      if (at % 2 === 0) {
        const request = decodeRequest(payload);
        commands.push(`${request.netFn.toString(16)}/${request.command.toString(16)}`);
        assert.deepEqual(encodeRequest(request, request.sequence), payload);
        const response = decodeResponse(unseal(protection, plus(capture, at + 1)));
        assert.deepEqual([response.netFn, response.command], [request.netFn + 1, request.command]);
        const again = encodeResponse(request, Uint8Array.of(response.completion, ...response.data));
        assert.deepEqual(again, unseal(protection, plus(capture, at + 1)));
      }
    }
    assert.equal(commands[0], "6/3b");
    assert.equal(commands.at(-1), "6/3c");
    assert.ok(commands.includes("0/1"));
  });

  test(`suite ${capture.suite}: one changed bit anywhere in a protected packet is noticed`, () => {
    const handshake = handshakeOf(capture);
    const protection: Protection = { suite: handshake.suite, keys: sessionKeys(handshake) };
    const good = body(capture, 8);
    for (let bit = 8; bit < good.length * 8; bit += 1) {
      const bad = Uint8Array.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => {
        const frame = decodeFrame(bad);
        assert.equal(frame.format, "2.0");
        unseal(protection, frame);
      }, MalformedError);
    }
  });
}

test("chassis status of a machine that is on, and of one that is off", () => {
  assert.equal(decodeChassisStatus(Uint8Array.of(0x21, 0x10, 0x40)).powered, true);
  assert.equal(decodeChassisStatus(Uint8Array.of(0x21, 0x10, 0x40)).restorePolicy, "previous");
  assert.equal(decodeChassisStatus(Uint8Array.of(0x60, 0, 0, 0)).powered, false);
  assert.throws(() => decodeChassisStatus(Uint8Array.of(1, 2)), MalformedError);
});

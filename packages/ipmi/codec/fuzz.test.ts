import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { decodePing } from "./asf.ts";
import { decodeBootFlagsReply } from "./boot-flags.ts";
import { MalformedError } from "./bytes.ts";
import { CAPTURES } from "./captures.ts";
import { decodeChannelAuthentication } from "./channel-auth.ts";
import { decodeChassisStatus } from "./chassis.ts";
import { decrypt, encrypt } from "./confidentiality.ts";
import { decodeDeviceId } from "./device-id.ts";
import { decodeFrame } from "./frame.ts";
import { decodeRequest, decodeResponse } from "./message.ts";
import { decodeOpenSessionRequest, decodeOpenSessionResponse } from "./open-session.ts";
import { decodeRakp1 } from "./rakp1.ts";
import { decodeRakp2 } from "./rakp2.ts";
import { decodeRakp3 } from "./rakp3.ts";
import { decodeRakp4 } from "./rakp4.ts";
import { decodeRmcp } from "./rmcp.ts";
import { mutated } from "../simulation/mutate.ts";

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  decodeRmcp,
  decodePing,
  decodeFrame,
  decodeRequest,
  decodeResponse,
  decodeOpenSessionRequest,
  decodeOpenSessionResponse,
  decodeRakp1,
  decodeRakp2,
  decodeRakp3,
  decodeRakp4,
  decodeChannelAuthentication,
  decodeChassisStatus,
  decodeBootFlagsReply,
  decodeDeviceId,
  decrypt: (bytes) => decrypt(new Uint8Array(16), bytes),
};

const SAMPLES = CAPTURES.flatMap(({ datagrams }) => datagrams.map((text) => Uint8Array.from(Buffer.from(text, "hex"))));

for (const [name, decode] of Object.entries(DECODERS)) {
  test(`${name}: any bytes decode or are called malformed`, () => {
    const survives = (bytes: Uint8Array): void => {
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), survives), { numRuns: 400 });
    const cuts = fc.tuple(mutated(fc.constantFrom(...SAMPLES)), fc.constantFrom(0, 4, 16));
    fc.assert(
      fc.property(cuts, ([bytes, cut]) => survives(bytes.subarray(cut))),
      { numRuns: 400 },
    );
  });
}

test("what is encrypted is decrypted again, whatever its length", () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(bytes, bytes, fc.uint8Array({ maxLength: 300 }), (key, iv, data) => {
      const sealed = encrypt(key, iv, data);
      assert.equal(sealed.length % 16, 0);
      assert.deepEqual(decrypt(key, sealed), data);
    }),
  );
});

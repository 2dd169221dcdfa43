import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { CAPTURES } from "../codec/captures.ts";
import { COMMAND } from "../codec/commands.ts";
import { encodePlusFrame, PAYLOAD } from "../codec/frame.ts";
import { encodeOpenSessionRequest } from "../codec/open-session.ts";
import { encodeRmcp, RMCP_IPMI } from "../codec/rmcp.ts";
import { changeLists, mutated } from "../simulation/mutate.ts";
import { ADDRESS, createScene } from "../simulation/scene.ts";

const SAMPLES = CAPTURES.flatMap(({ datagrams }) => datagrams.map((text) => Uint8Array.from(Buffer.from(text, "hex"))));

test("changed and random datagrams: no defect, at most one bounded reply, still serving", async () => {
  const scene = createScene();
  const datagrams = fc.oneof(mutated(fc.constantFrom(...SAMPLES)), fc.uint8Array({ maxLength: 200 }));
  await fc.assert(
    fc.asyncProperty(datagrams, async (datagram) => {
      const replies: Uint8Array[] = [];
      await scene.bmc.handle(datagram, (reply) => replies.push(reply));
      assert.ok(replies.length <= 1);
      assert.ok((replies[0]?.length ?? 0) <= 400);
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(scene.defects, []);
  const status = await scene.clock.drive(scene.client.withSession(scene.login, (session) => session.chassisStatus()));
  assert.equal(status.powered, false);
});

test("requests changed on the way in an open session do nothing and kill nothing", async () => {
  await fc.assert(
    fc.asyncProperty(changeLists, async (change) => {
      const scene = createScene();
      scene.network.attach(ADDRESS, (datagram, reply) => {
        // The RMCP header is nobody's to protect: a change there alone leaves a good packet, whose reply would be lost here.
        const changed = Uint8Array.of(...datagram.subarray(0, 4), ...change(datagram.subarray(4)));
        if (Buffer.compare(changed, datagram) !== 0) void scene.bmc.handle(changed, () => {});
        void scene.bmc.handle(datagram, reply);
      });
      const done = scene.clock.drive(scene.client.withSession(scene.login, (session) => session.chassisControl("on")));
      assert.deepEqual(await done, { answered: true });
      assert.deepEqual(scene.chassis.done, ["on"]);
      assert.deepEqual(scene.defects, []);
    }),
    { numRuns: 150 },
  );
});

test("a captured session replayed opens nothing", async () => {
  const { bmc, chassis } = createScene();
  for (const datagram of SAMPLES) {
    await bmc.handle(datagram, () => {});
  }
  assert.deepEqual(chassis.done, []);
});

test("commands with any data get an answer of one completion code and bounded data", async () => {
  const names = Object.values(COMMAND);
  const { bmc, defects } = createScene();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.uint8Array({ maxLength: 40 }), async ([netFn, command], data) => {
      const answer = await bmc.message({ netFn, command, data });
      assert.ok(answer.length >= 1 && answer.length <= 80);
      assert.notEqual(answer[0], 0xff);
    }),
    { numRuns: 3000 },
  );
  assert.deepEqual(defects, []);
});

test("a flood of openings neither grows without bound nor locks an honest console out", async () => {
  const scene = createScene();
  for (let id = 1; id <= 5000; id += 1) {
    const open = encodeOpenSessionRequest({ tag: 0, privilege: 4, consoleId: id, algorithms: [3, 4, 1] });
    await scene.bmc.handle(encodeRmcp(RMCP_IPMI, encodePlusFrame(PAYLOAD.openRequest, open)), () => {});
  }
  const status = await scene.clock.drive(scene.client.withSession(scene.login, (session) => session.chassisStatus()));
  assert.equal(status.powered, false);
});

test("cipher suite 0 is refused", async () => {
  const { bmc } = createScene();
  const open = encodeOpenSessionRequest({ tag: 7, privilege: 4, consoleId: 9, algorithms: [0, 0, 0] });
  const replies: Uint8Array[] = [];
  await bmc.handle(encodeRmcp(RMCP_IPMI, encodePlusFrame(PAYLOAD.openRequest, open)), (reply) => replies.push(reply));
  assert.equal(replies[0]?.[17], 0x11, "status: no cipher suite match");
});

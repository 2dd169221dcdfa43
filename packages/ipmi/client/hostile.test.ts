import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { changeLists } from "../simulation/mutate.ts";
import { seeded } from "../simulation/random.ts";
import { ADDRESS, createScene } from "../simulation/scene.ts";
import { IpmiError } from "./errors.ts";

type Scene = ReturnType<typeof createScene>;

/** Puts something between the BMC and the client that may change each reply. */
function between(scene: Scene, alter: (reply: Uint8Array, nth: number) => readonly Uint8Array[]): void {
  let nth = 0;
  scene.network.attach(ADDRESS, (datagram, reply) => {
    void scene.bmc.handle(datagram, (answer) => {
      for (const altered of alter(answer, nth)) reply(altered);
      nth += 1;
    });
  });
}

async function outcome(scene: Scene): Promise<string> {
  const work = scene.client.withSession({ ...scene.login, deadline: 6000 }, async (session) => {
    await session.setBootDevice({ device: "disk", efi: false, persistent: true });
    return (await session.chassisStatus()).powered ? "on" : "off";
  });
  return scene.clock.drive(
    work.catch((error: unknown) => (error instanceof IpmiError ? error.code : `defect: ${String(error)}`)),
  );
}

test("replies changed on the way: an answer or a named error, never a hang, never a defect", async () => {
  const codes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(changeLists, fc.nat(9), fc.boolean(), async (change, from, keepGood) => {
      const scene = createScene();
      between(scene, (reply, nth) => (nth < from ? [reply] : keepGood ? [change(reply), reply] : [change(reply)]));
      const result = await outcome(scene);
      codes.set(result, (codes.get(result) ?? 0) + 1);
      assert.ok(!result.startsWith("defect"), result);
      assert.deepEqual(scene.defects, []);
    }),
    { numRuns: 400 },
  );
  assert.ok(codes.size >= 3, `the changes led to different ends: ${[...codes.keys()].join(", ")}`);
});

test("noise beside good replies does no harm", async () => {
  const next = seeded(99);
  for (let round = 0; round < 30; round += 1) {
    const scene = createScene();
    between(scene, (reply) => {
      const noise = Uint8Array.from({ length: Math.floor(next() * 80) }, () => Math.floor(next() * 256));
      return [noise, Uint8Array.of(6, 0, 0xff, 7, ...noise), reply.slice(0, reply.length - 3), reply, reply];
    });
    assert.equal(await outcome(scene), "off");
  }
});

test("a BMC that answers only nonsense is told from a silent one", async () => {
  const scene = createScene();
  scene.network.attach(ADDRESS, (_datagram, reply) => reply(new TextEncoder().encode("not IPMI at all")));
  assert.equal(await outcome(scene), "malformed-reply");
});

test("a reply that was protected with other keys is not believed", async () => {
  const scene = createScene();
  between(scene, (reply) => {
    const forged = Uint8Array.from(reply);
    const last = forged.length - 1;
    if (forged[4] === 6 && forged[5] === 0xc0) forged[last] = (forged[last] ?? 0) ^ 1;
    return [forged];
  });
  assert.equal(await outcome(scene), "malformed-reply");
});

test("replies from another address are not heard", async () => {
  const scene = createScene();
  scene.network.attach(ADDRESS, (datagram) => {
    void scene.bmc.handle(datagram, (answer) => scene.network.inject(answer, "192.0.2.66"));
  });
  assert.equal(await outcome(scene), "no-answer");
});

test("a BMC that is busy a few times is asked again, one that stays busy is named so", async () => {
  for (const [busy, expected] of [
    [3, "done"],
    [99, "completion"],
  ] as const) {
    let asked = 0;
    const scene = createScene({
      bmc: {
        chassis: {
          powered: () => (asked += 1) > busy,
          control: async () => {},
        },
      },
    });
    // Soft-off of a machine without power is D5, "not in this state", until it has power.
    const work = scene.client.withSession(scene.login, (session) => session.chassisControl("soft")).then(() => "done");
    const result = await scene.clock.drive(
      work.catch((error: unknown) => (error instanceof IpmiError ? error.code : String(error))),
    );
    assert.equal(result, expected);
  }
});

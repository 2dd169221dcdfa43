import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { createBmc } from "../bmc/bmc.ts";
import { createFakeChassis } from "../simulation/chassis.ts";
import { inNamespace } from "../simulation/namespace.ts";
import { realClient, serveBmc } from "../simulation/sockets.ts";

const FLEET = 200;

inNamespace(import.meta.filename, () => {
  test(`${FLEET} BMCs at once over one socket: each switched on and seen on`, async (t) => {
    const machines = await Promise.all(
      Array.from({ length: FLEET }, async (_, at) => {
        const address = `127.1.${at >> 8}.${at & 0xff}`;
        const chassis = createFakeChassis();
        const bmc = createBmc({
          chassis,
          guid: randomBytes(16),
          lan: { address, netmask: "255.0.0.0", gateway: "127.0.0.1", mac: "52:54:00:00:00:01" },
          random: (count) => randomBytes(count),
          now: () => Date.now(),
          users: [{ id: 2, name: "maas", password: `password ${at}`, enabled: true, privilege: "operator" }],
        });
        return { address, chassis, bmc, password: `password ${at}`, ...(await serveBmc(bmc, address)) };
      }),
    );
    const { client, stop } = await realClient();
    t.after(() => {
      stop();
      for (const machine of machines) machine.stop();
    });
    const start = performance.now();
    const states = await Promise.all(
      machines.map(({ address, password }) =>
        client.withSession(
          { address, username: "maas", password, cipherSuite: 17, privilege: "operator" },
          async (session) => {
            await session.setBootDevice({ device: "pxe", efi: true, persistent: false });
            await session.chassisControl("on");
            return (await session.chassisStatus()).powered;
          },
        ),
      ),
    );
    const took = performance.now() - start;
    t.diagnostic(`${FLEET} sessions in ${took.toFixed(0)} ms`);
    assert.ok(states.every(Boolean));
    assert.ok(
      machines.every(({ chassis, bmc }) => chassis.done.join() === "on" && bmc.consumeBootDevice().device === "pxe"),
    );
  });
});

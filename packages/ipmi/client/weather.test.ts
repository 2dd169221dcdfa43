import assert from "node:assert/strict";
import test from "node:test";
import { createScene } from "../simulation/scene.ts";
import { createBmc } from "../bmc/bmc.ts";
import { createFakeChassis } from "../simulation/chassis.ts";
import { seededBytes } from "../simulation/random.ts";
import { GUID } from "../simulation/scene.ts";
import { IpmiError } from "./errors.ts";

test("loss, duplication and reordering: the work is done, and each power action once", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const weather = { loss: 0.2, duplication: 0.3, delay: 700 };
    const { clock, client, chassis, login, defects } = createScene({ weather, seed });
    const powered = await clock.drive(
      client.withSession({ ...login, cipherSuite: seed % 2 === 0 ? 3 : 17, deadline: 60_000 }, async (session) => {
        await session.setBootDevice({ device: "pxe", efi: false, persistent: false });
        await session.chassisControl("on");
        await session.chassisControl("cycle");
        await session.chassisControl("off");
        await session.chassisControl("on");
        return (await session.chassisStatus()).powered;
      }),
    );
    assert.equal(powered, true, `seed ${seed}`);
    assert.equal(chassis.done.filter((action) => action !== "cycle").join(" "), "on off on", `seed ${seed}`);
    assert.deepEqual(defects, []);
  }
});

test("a wrong password is told from loss", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { clock, client, login } = createScene({ weather: { loss: 0.3, duplication: 0.3, delay: 300 }, seed });
    const attempt = client.withSession({ ...login, password: "wrong", deadline: 60_000 }, (session) =>
      session.chassisStatus(),
    );
    await assert.rejects(
      clock.drive(attempt),
      (error: unknown) => error instanceof IpmiError && error.code === "wrong-password",
    );
  }
});

test("fifty BMCs at once over one transport in bad weather, one silent, one with another password", async () => {
  const { clock, network, client, login } = createScene({ weather: { loss: 0.1, duplication: 0.1, delay: 200 } });
  const machines = Array.from({ length: 50 }, (_, at) => {
    const address = `198.51.100.${at}`;
    const chassis = createFakeChassis(at % 3 === 0);
    const bmc = createBmc({
      chassis,
      guid: GUID,
      lan: { address, netmask: "255.255.255.0", gateway: "0.0.0.0", mac: "52:54:00:00:00:01" },
      random: seededBytes(1000 + at),
      now: () => clock.now(),
      users: [
        {
          id: 2,
          name: "admin",
          password: at === 7 ? "else" : login.password,
          enabled: true,
          privilege: "administrator",
        },
      ],
    });
    if (at !== 13) network.attach(address, (datagram, reply) => void bmc.handle(datagram, reply));
    return { address, chassis };
  });
  const answers = await clock.drive(
    Promise.all(
      machines.map(({ address }) =>
        client
          .withSession(
            { ...login, address, deadline: 40_000 },
            async (session) => (await session.chassisStatus()).powered,
          )
          .catch((error: unknown) => (error instanceof IpmiError ? error.code : String(error))),
      ),
    ),
  );
  const expected = machines.map(({ chassis }, at) =>
    at === 13 ? "no-answer" : at === 7 ? "wrong-password" : chassis.powered(),
  );
  assert.deepEqual(answers, expected);
});

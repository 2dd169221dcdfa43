import assert from "node:assert/strict";
import test from "node:test";
import { ADDRESS, createScene } from "../simulation/scene.ts";
import type { CipherSuiteId } from "../codec/suites.ts";
import { IpmiError } from "./errors.ts";
import type { IpmiErrorCode } from "./errors.ts";
import type { SessionOptions } from "./options.ts";
import { parseKg } from "./options.ts";

const SUITES: readonly CipherSuiteId[] = [3, 17];

async function failure(scene: ReturnType<typeof createScene>, options: Partial<SessionOptions>): Promise<IpmiError> {
  const login = { ...scene.login, ...options };
  const error: unknown = await scene.clock.drive(
    scene.client
      .withSession(login, (session) => session.chassisStatus())
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
  );
  assert.ok(error instanceof IpmiError, `an IpmiError, not ${String(error)}`);
  assert.ok(error.next.length > 10);
  const said = JSON.stringify([error.message, error.next, error.evidence, error.stack]);
  if (login.password.length > 3) assert.ok(!said.includes(login.password), "no password in an error");
  return error;
}

for (const cipherSuite of SUITES) {
  test(`suite ${cipherSuite}: power, boot device, identity`, async () => {
    const { clock, client, chassis, bmc, login } = createScene();
    const seen = await clock.drive(
      client.withSession({ ...login, cipherSuite }, async (session) => {
        const before = await session.chassisStatus();
        await session.setBootDevice({ device: "pxe", efi: true, persistent: false });
        const flags = await session.getBootDevice();
        const { answered } = await session.chassisControl("on");
        const after = await session.chassisStatus();
        return { before, flags, answered, after, id: await session.deviceId() };
      }),
    );
    assert.equal(seen.before.powered, false);
    assert.deepEqual(seen.flags, { device: "pxe", efi: true, persistent: false, valid: true });
    assert.equal(seen.answered, true);
    assert.equal(seen.after.powered, true);
    assert.equal(seen.id.ipmiVersion, "2.0");
    assert.deepEqual(chassis.done, ["on"]);
    assert.equal(bmc.consumeBootDevice().device, "pxe");
    assert.equal(bmc.bootDevice().valid, false);
  });
}

test("every session is closed, also after an error in its use", async () => {
  const { clock, client, login } = createScene({ bmc: { mostSessions: 1 } });
  for (let round = 0; round < 5; round += 1) {
    const failing = client.withSession(login, async () => {
      throw new Error("the user of the session failed");
    });
    await assert.rejects(clock.drive(failing), /the user of the session failed/);
  }
});

test("sessions with one BMC wait for each other", async () => {
  const { clock, client, login } = createScene({ bmc: { mostSessions: 1 } });
  let open = 0;
  let most = 0;
  const use = async (session: { chassisStatus(): Promise<unknown> }): Promise<void> => {
    open += 1;
    most = Math.max(most, open);
    await session.chassisStatus();
    open -= 1;
  };
  await clock.drive(Promise.all([1, 2, 3, 4].map(() => client.withSession(login, use))));
  assert.equal(most, 1);
});

test("a session with a silent BMC keeps the next one waiting for no longer than its deadline", async () => {
  const { clock, network, client, login } = createScene();
  network.attach(ADDRESS, () => undefined);
  const began = clock.now();
  const ends: (readonly [string, number])[] = [];
  const ask = (name: string, deadline: number): Promise<unknown> =>
    client
      .withSession({ ...login, deadline }, (session) => session.chassisStatus())
      .catch((error: unknown) => {
        assert.ok(error instanceof IpmiError);
        assert.equal(error.code, "no-answer");
        ends.push([name, Math.round((clock.now() - began) / 1000)]);
      });
  await clock.drive(Promise.all([ask("first", 10_000), ask("late", 4000), ask("last", 12_000)]));
  assert.deepEqual(ends, [
    ["late", 4],
    ["first", 10],
    ["last", 12],
  ]);
});

test("commands of one session started together come back each to its asker", async () => {
  const { clock, client, login } = createScene();
  const [status, id, flags] = await clock.drive(
    client.withSession(login, (session) =>
      Promise.all([session.chassisStatus(), session.deviceId(), session.getBootDevice()]),
    ),
  );
  assert.equal(status.powered, false);
  assert.equal(id.deviceId, 0x20);
  assert.equal(flags.device, "none");
});

const REFUSALS: readonly [title: string, options: Partial<SessionOptions>, code: IpmiErrorCode][] = [
  ["unknown user", { username: "nobody" }, "wrong-user"],
  ["disabled user", { username: "gone", password: "gone" }, "wrong-user"],
  ["wrong password", { password: "wrong horse" }, "wrong-password"],
  ["empty password", { password: "" }, "wrong-password"],
  ["K_g given, BMC has none", { kg: Uint8Array.of(1, 2, 3) }, "wrong-kg"],
  [
    "more privilege than the user has",
    { username: "watcher", password: "staple", privilege: "operator" },
    "privilege-refused",
  ],
  ["silent address", { address: "192.0.2.99" }, "no-answer"],
  ["silent port", { port: 624 }, "no-answer"],
  ["name too long", { username: "a name of seventeen" }, "bad-argument"],
  ["password too long", { password: "a password of more than twenty" }, "bad-argument"],
  ["no such port", { port: 70_000 }, "bad-argument"],
];
for (const [title, options, code] of REFUSALS) {
  for (const cipherSuite of SUITES) {
    test(`suite ${cipherSuite}, ${title}: ${code}`, async () => {
      assert.equal((await failure(createScene(), { ...options, cipherSuite })).code, code);
    });
  }
}

test("K_g: right, wrong, missing", async () => {
  const scene = createScene({ bmc: { kg: new TextEncoder().encode("the key of the BMC") } });
  const right = parseKg("the key of the BMC");
  const status = await scene.clock.drive(
    scene.client.withSession({ ...scene.login, kg: right }, (s) => s.chassisStatus()),
  );
  assert.equal(status.powered, false);
  assert.equal((await failure(scene, { kg: parseKg("0x00010203") })).code, "wrong-kg");
  const missing = await failure(scene, {});
  assert.equal(missing.code, "wrong-kg");
  assert.match(missing.next, /The BMC says that it has a K_g/);
});

test("K_g is read as characters or hexadecimal, and refused without being repeated", () => {
  assert.deepEqual(parseKg("0x0a0B")?.subarray(0, 3), Uint8Array.of(10, 11, 0));
  assert.equal(parseKg("abc")?.length, 20);
  assert.equal(parseKg(""), undefined);
  for (const bad of ["0xabc", "0x1", "0xzz", "twenty-one characters"]) {
    assert.throws(
      () => parseKg(bad),
      (error: unknown) => error instanceof IpmiError && error.code === "bad-argument" && !error.message.includes(bad),
    );
  }
});

test("a cipher suite the BMC does not offer is refused", async () => {
  assert.equal((await failure(createScene({ bmc: { cipherSuites: [17] } }), { cipherSuite: 3 })).code, "suite-refused");
});

test("no session left, then one is again after the idle ones expired", async () => {
  const scene = createScene({ bmc: { mostSessions: 1 } });
  const second = createScene().login;
  await scene.clock.drive(
    scene.client.withSession(scene.login, async () => {
      // Another console, which the per-BMC queue of this client does not know.
      scene.network.attach("192.0.2.11", (datagram, reply) => void scene.bmc.handle(datagram, reply));
      const error: unknown = await scene.client
        .withSession({ ...second, address: "192.0.2.11" }, (session) => session.chassisStatus())
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof IpmiError && error.code === "no-sessions", String(error));
      scene.clock.advance(61_000);
      await scene.client.withSession({ ...second, address: "192.0.2.11", deadline: 5000 }, (session) =>
        session.chassisStatus(),
      );
    }),
  );
});

test("a deadline ends a session that a silent BMC would keep", async () => {
  const { clock, network, client, login } = createScene();
  const start = clock.now();
  const stuck = client.withSession({ ...login, deadline: 8000 }, async (session) => {
    network.attach(ADDRESS, () => {});
    await session.chassisStatus();
  });
  await assert.rejects(
    clock.drive(stuck),
    (error: unknown) => error instanceof IpmiError && error.code === "no-answer",
  );
  const took = clock.now() - start;
  assert.ok(took >= 8000 && took < 9500, `${took} ms`);
});

test("a cycle and a reset may stay unanswered, switching off may not", async () => {
  const { clock, network, client, login, bmc } = createScene();
  const silent = (action: "cycle" | "reset" | "off") =>
    clock.drive(
      client.withSession({ ...login, deadline: 9000 }, (session) => {
        network.attach(ADDRESS, () => {});
        return session.chassisControl(action);
      }),
    );
  const restore = (): void => network.attach(ADDRESS, (datagram, reply) => void bmc.handle(datagram, reply));
  assert.deepEqual(await silent("cycle"), { answered: false });
  restore();
  clock.advance(120_000);
  assert.deepEqual(await silent("reset"), { answered: false });
  restore();
  await assert.rejects(silent("off"), (error: unknown) => error instanceof IpmiError && error.code === "no-answer");
});

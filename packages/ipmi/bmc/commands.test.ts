import assert from "node:assert/strict";
import test from "node:test";
import { hex } from "../codec/bytes.ts";
import { createScene, GUID } from "../simulation/scene.ts";

function inBand(scene = createScene()) {
  const ask = async (netFn: number, command: number, ...data: number[]): Promise<string> =>
    hex(await scene.bmc.message({ netFn, command, data: Uint8Array.from(data) }));
  return { scene, ask };
}

const name = (text: string): number[] => [...Buffer.from(text.padEnd(16, "\0"))];

test("boot flags: used up once, kept when persistent, gone after sixty seconds without a power action", async () => {
  const { scene, ask } = inBand();
  const { bmc, clock } = scene;
  const pxeOnce = [0x05, 0xa0, 0x04, 0, 0, 0];
  assert.equal(await ask(0, 8, ...pxeOnce), "00");
  assert.equal(await ask(0, 9, 5, 0, 0), "000105a004000000");
  assert.deepEqual(bmc.consumeBootDevice(), { device: "pxe", efi: true, persistent: false, valid: true });
  assert.deepEqual(bmc.consumeBootDevice(), { device: "none", efi: false, persistent: false, valid: false });

  await ask(0, 8, ...pxeOnce);
  clock.advance(60_001);
  assert.equal(bmc.consumeBootDevice().valid, false, "60 s without a power action");

  await ask(0, 8, ...pxeOnce);
  clock.advance(59_000);
  assert.equal(await ask(0, 2, 1), "00");
  clock.advance(3_600_000);
  assert.equal(bmc.consumeBootDevice().device, "pxe", "a power action came in time");

  await ask(0, 8, 3, 8);
  await ask(0, 8, ...pxeOnce);
  clock.advance(3_600_000);
  assert.equal(bmc.bootDevice().valid, true, "parameter 3 bit 3 keeps it");

  await ask(0, 8, 3, 0);
  await ask(0, 8, 5, 0xc0, 0x08, 0, 0, 0);
  clock.advance(3_600_000);
  assert.deepEqual(bmc.consumeBootDevice(), { device: "disk", efi: false, persistent: true, valid: true });
  assert.deepEqual(bmc.consumeBootDevice(), { device: "disk", efi: false, persistent: true, valid: true });
});

test("boot options refuse what they do not have", async () => {
  const { ask } = inBand();
  assert.equal(await ask(0, 8, 7, 1), "80");
  assert.equal(await ask(0, 9, 7, 0, 0), "80");
  assert.equal(await ask(0, 8, 5, 0xa0), "c7");
  assert.equal(await ask(0, 9, 5), "c7");
  assert.equal(await ask(0, 8, 4, 1, 1), "00");
  assert.equal(await ask(0, 9, 4, 0, 0), "0001040101");
  assert.equal(await ask(0, 9, 0, 0, 0), "00010000");
});

test("chassis: actions reach it, those that need power are D5 without", async () => {
  const { scene, ask } = inBand();
  assert.equal(await ask(0, 2, 2), "d5");
  assert.equal(await ask(0, 2, 1), "00");
  assert.equal(await ask(0, 1), "00010000");
  for (const action of [2, 3, 4, 5]) assert.equal(await ask(0, 2, action), "00");
  assert.equal(await ask(0, 2, 9), "cc");
  assert.deepEqual(scene.chassis.done, ["on", "cycle", "reset", "diagnostic", "soft"]);
});

test("a chassis that fails is completion code FF", async () => {
  const { ask } = inBand(
    createScene({
      bmc: {
        chassis: {
          powered: () => false,
          control: async () => {
            throw new Error("QEMU did not start");
          },
        },
      },
    }),
  );
  assert.equal(await ask(0, 2, 1), "ff");
});

test("users: name, password, enable, access, and the log-in that follows", async () => {
  const { scene, ask } = inBand();
  assert.equal(await ask(6, 0x45, 6, ...name("maas")), "00");
  assert.equal(await ask(6, 0x46, 6), `00${Buffer.from("maas".padEnd(16, "\0")).toString("hex")}`);
  assert.equal(await ask(6, 0x45, 7, ...name("maas")), "cc", "the name is taken");
  assert.equal(await ask(6, 0x45, 1, ...name("x")), "cc", "user 1 has no name");
  assert.equal(await ask(6, 0x45, 11, ...name("x")), "cc", "no such user");
  assert.equal(await ask(6, 0x47, 0x86, 2, ...Buffer.from("twenty bytes long !!")), "00");
  assert.equal(await ask(6, 0x47, 0x86, 3, ...Buffer.from("twenty bytes long !!")), "00");
  assert.equal(await ask(6, 0x47, 0x86, 3, ...Buffer.from("twenty bytes wrong !")), "80");
  assert.equal(await ask(6, 0x47, 0x06, 3, ...name("twenty bytes lon")), "81");
  assert.equal(await ask(6, 0x43, 0x91, 6, 0x04), "00");
  assert.equal(await ask(6, 0x44, 0x01, 6), "000a830104", "not enabled yet");
  assert.equal(await ask(6, 0x47, 0x06, 1), "00");
  assert.equal(await ask(6, 0x44, 0x01, 6), "000a440114");
  const login = { ...scene.login, username: "maas", password: "twenty bytes long !!" };
  const status = await scene.clock.drive(scene.client.withSession(login, (session) => session.chassisStatus()));
  assert.equal(status.powered, false);
  assert.equal(await ask(6, 0x43, 0x81, 6, 0x04), "00", "IPMI messaging off");
  await assert.rejects(
    scene.clock.drive(scene.client.withSession(login, (session) => session.chassisStatus())),
    (error: unknown) => error instanceof Error && "code" in error && error.code === "wrong-user",
  );
});

test("LAN parameters are read and written where the caller keeps them", async () => {
  const { scene, ask } = inBand();
  assert.equal(await ask(0x0c, 2, 1, 3, 0, 0), "0011c000020a");
  assert.equal(await ask(0x0c, 2, 1, 5, 0, 0), "0011525400123456");
  assert.equal(await ask(0x0c, 1, 1, 3, 10, 0, 0, 9), "00");
  assert.equal(await ask(0x0c, 1, 1, 4, 2), "00");
  assert.equal(scene.lan.address, "10.0.0.9");
  assert.equal(await ask(0x0c, 2, 1, 4, 0, 0), "001102");
  assert.equal(await ask(0x0c, 1, 1, 1, 0), "82", "read only");
  assert.equal(await ask(0x0c, 1, 1, 99, 0), "80");
  assert.equal(await ask(0x0c, 1, 1, 3, 10), "c7");
  assert.equal(await ask(0x0c, 2, 5, 3, 0, 0), "cc", "no such channel");
  assert.equal(await ask(0x0c, 2, 0x81, 3, 0, 0), "0011", "revision only");
});

test("identity, channels and empty stores", async () => {
  const { ask } = inBand();
  assert.equal(await ask(6, 1), "0020010100028e000000010000000000");
  assert.equal(await ask(6, 0x37), `00${hex(GUID)}`);
  assert.equal(await ask(6, 0x54, 0x0e, 0, 0x80), "000fc003014181c011034481");
  assert.equal(await ask(6, 0x54, 0x01, 0, 0x81), "0001");
  assert.equal(await ask(6, 0x42, 0x0e), "000f0c0500f21b000000");
  assert.equal(await ask(6, 0x42, 0x03), "cc");
  assert.equal(await ask(0x0a, 0x40), "00510000ffff000000000000000002");
  assert.equal(await ask(0x0a, 0x43, 0, 0, 0, 0, 0, 0xff), "cb");
  assert.equal(await ask(0x0a, 0x10, 0), "cb");
  assert.equal(await ask(0x2c, 0x01, 0xdc), "c1");
});

test("privileges: a user may look, an operator may switch, an administrator may change users", async () => {
  const scene = createScene();
  const as = (
    username: string,
    password: string,
    privilege: "user" | "operator",
    netFn: number,
    command: number,
    ...data: number[]
  ) =>
    scene.clock.drive(
      scene.client
        .withSession({ ...scene.login, username, password, privilege }, (session) =>
          session.raw(netFn, command, Uint8Array.from(data)),
        )
        .then(() => "done")
        .catch((error: unknown) => (error instanceof Error && "code" in error ? error.code : String(error))),
    );
  assert.equal(await as("watcher", "staple", "user", 0, 1), "done");
  assert.equal(await as("watcher", "staple", "user", 0, 2, 1), "privilege-refused");
  assert.equal(await as("oper", "battery", "operator", 0, 2, 1), "done");
  assert.equal(await as("oper", "battery", "operator", 6, 0x47, 2, 0), "privilege-refused");
  assert.deepEqual(scene.chassis.done, ["on"]);
});

test("IPMI over LAN switched off by Set Channel Access is silence", async () => {
  const { scene, ask } = inBand();
  assert.equal(await ask(6, 0x40, 1, 0x80, 0), "00");
  await assert.rejects(
    scene.clock.drive(scene.client.withSession(scene.login, (session) => session.chassisStatus())),
    (error: unknown) => error instanceof Error && "code" in error && error.code === "no-answer",
  );
});

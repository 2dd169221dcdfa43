import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { hex } from "../codec/bytes.ts";
import { createScene } from "../simulation/scene.ts";
import { createVmLink } from "./link.ts";
import type { VmLink } from "./link.ts";

/** KCS interface of ISA machines (IPMI 2.0 §9): data register, then status and command register. */
const DATA = 0xca2;
const CONTROL = 0xca3;
const OBF = 0x01;
const WRITE_START = 0x61;
const WRITE_END = 0x62;
const READ = 0x68;
const STATE = { idle: 0, read: 1, write: 2 } as const;

/** QEMU with a stopped guest: its processor is this test, which reads and writes I/O ports through the monitor. */
async function machine(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "rw-ipmi-qemu-"));
  const scene = createScene();
  const holder: { link?: VmLink; socket?: Socket } = {};
  const bmcSide = createServer((socket) => {
    const link = createVmLink({
      bmc: scene.bmc,
      write: (bytes) => socket.write(bytes),
    });
    holder.link = link;
    holder.socket = socket;
    socket.on("data", (bytes) => link.receive(bytes));
    socket.on("error", () => {});
  }).listen(join(folder, "bmc"));
  const testSide = createServer().listen(join(folder, "monitor"));
  await Promise.all([once(bmcSide, "listening"), once(testSide, "listening")]);
  const qemu = spawn(
    "qemu-system-x86_64",
    [
      ["-machine", "q35,accel=tcg", "-S", "-nodefaults", "-display", "none"],
      [
        "-chardev",
        `socket,id=ipmi,path=${join(folder, "bmc")},reconnect=1`,
        "-device",
        "ipmi-bmc-extern,id=bmc0,chardev=ipmi",
      ],
      ["-device", "isa-ipmi-kcs,bmc=bmc0", "-qmp", `unix:${join(folder, "monitor")}`],
    ].flat(),
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  t.after(async () => {
    qemu.kill();
    bmcSide.close();
    testSide.close();
    holder.socket?.destroy();
    await rm(folder, { recursive: true });
  });
  const [monitor] = (await once(testSide, "connection")) as [Socket];
  monitor.on("error", () => {});
  const answers: string[] = [];
  let wake: () => void = () => {};
  let rest = "";
  monitor.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    answers.push(...lines.filter((line) => line.startsWith('{"return"') || line.startsWith('{"error"')));
    wake();
  });
  const execute = async (name: string, options: object = {}): Promise<string> => {
    monitor.write(`${JSON.stringify({ execute: name, arguments: options })}\n`);
    while (answers.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const answer = answers.shift() ?? "";
    assert.ok(answer.startsWith('{"return"'), answer);
    return answer;
  };
  const human = (line: string): Promise<string> => execute("human-monitor-command", { "command-line": line });
  await execute("qmp_capabilities");
  const outb = (port: number, value: number): Promise<string> => human(`o /b ${port} ${value}`);
  const inb = async (port: number): Promise<number> => {
    const answer = await human(`i /xb ${port}`);
    return Number(/= (0x[0-9a-f]+)/.exec(answer)?.[1] ?? assert.fail(answer));
  };
  return { scene, holder, outb, inb, execute };
}

type Machine = Awaited<ReturnType<typeof machine>>;

/** Reads the status register until the interface is in a state, with data for us if so asked. */
async function waitFor({ inb }: Machine, state: number, full: boolean): Promise<void> {
  const end = performance.now() + 10_000;
  for (;;) {
    const status = await inb(CONTROL);
    if (status >> 6 === state && (!full || (status & OBF) !== 0)) return;
    assert.ok(performance.now() < end, `KCS status ${status.toString(16)} instead of state ${state}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

/** One IPMI command as a guest's driver sends it (IPMI 2.0 §9.15). */
async function kcs(guest: Machine, ...request: readonly number[]): Promise<string> {
  const { outb, inb } = guest;
  await outb(CONTROL, WRITE_START);
  for (const [at, byte] of request.entries()) {
    await waitFor(guest, STATE.write, false);
    await inb(DATA);
    if (at === request.length - 1) {
      await outb(CONTROL, WRITE_END);
      await waitFor(guest, STATE.write, false);
      await inb(DATA);
    }
    await outb(DATA, byte);
  }
  const reply: number[] = [];
  for (;;) {
    await waitFor(guest, reply.length < 3 ? STATE.read : (await inb(CONTROL)) >> 6, true);
    const state = (await inb(CONTROL)) >> 6;
    const byte = await inb(DATA);
    if (state === STATE.idle) return hex(Uint8Array.from(reply));
    reply.push(byte);
    await outb(DATA, READ);
  }
}

test("QEMU's KCS interface reaches the BMC", { timeout: 60_000 }, async (t) => {
  const guest = await machine(t);
  assert.equal(await kcs(guest, 0x18, 0x01), "1c010020010100028e000000010000000000", "Get Device ID");
  assert.equal(await kcs(guest, 0x00, 0x01), "040100000000", "Get Chassis Status");
  assert.equal(await kcs(guest, 0x30, 0x02, 0x01, 0x03, 0, 0), "34020011c000020a", "the BMC's IP address");
  assert.equal(await kcs(guest, 0x18, 0x45, 0x06, ...Buffer.from("maas".padEnd(16, "\0"))), "1c4500");
  assert.equal(guest.scene.bmc.users[5]?.name, "maas");
  // A0, A1, AA and their escaped forms in data.
  const password = [0xa0, 0xa1, 0xaa, 0xb0, 0xb1, 0xba, 0x41];
  const padded = [...password, ...Array.from<number>({ length: 9 }).fill(0)];
  assert.equal(await kcs(guest, 0x18, 0x47, 0x06, 0x02, ...padded), "1c4700");
  assert.equal(
    await kcs(guest, 0x18, 0x2e, 0x09),
    "1c2e00",
    "interrupts on: the reply is not lost beside the link command",
  );
  assert.equal(await kcs(guest, 0x18, 0x2f), "1c2f0009");
  assert.equal(await kcs(guest, 0x18, 0x2e, 0x08), "1c2e00");
  assert.equal(await kcs(guest, 0xb0, 0x01), "b401c1", "an unknown command");
  assert.equal(await kcs(guest, 0x00, 0x02, 0x01), "040200");
  assert.deepEqual(guest.scene.chassis.done, ["on"]);

  await guest.execute("system_reset");
  assert.equal(
    await kcs(guest, 0x00, 0x0f).then((answer) => answer.slice(0, 6)),
    "040f00",
    "works after a reset of the guest",
  );
  assert.equal(guest.holder.link?.command("reset"), true, "QEMU said that it can reset the guest");
});

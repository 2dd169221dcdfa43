import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLab, downLab, type Lab, type LabMachine } from "./index.ts";
import { bootSector, bootSectorGreeting } from "./testing/boot-sector.ts";
import { consoleOf, eventually, ipmitool } from "./testing/observer.ts";

describe("a guest and its own BMC", () => {
  let directory: string;
  let lab: Lab;
  let machine: LabMachine;
  let serial: Socket;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rw-"));
    const stateDirectory = join(directory, "lab");
    lab = await createLab({ name: `i${process.pid}`, stateDirectory, machines: 1, diskGiB: 1 });
    machine = lab.machine("machine-1");
    const disk = await open(machine.disks[0]?.path ?? "", "r+");
    await disk.write(bootSector());
    await disk.close();
    await ipmitool(lab, machine.name, "chassis", "bootdev", "disk", "options=persistent");
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    const text = () => consoleOf(machine.consoleLog);
    await eventually("the guest runs", 60, async () => (await text()).includes(bootSectorGreeting), text);
    await eventually("QEMU reaches the BMC", 20, async () => (await machine.status()).bmcLinked);
    serial = createConnection(machine.serialSocket);
    await once(serial, "connect");
    serial.resume();
  });
  after(async () => {
    serial.destroy();
    await downLab(join(directory, "lab"));
    await rm(directory, { recursive: true, force: true });
  });

  /** Sends a message from the guest; the reply in hexadecimal: function and LUN, command, completion code, data. */
  async function ask(...bytes: readonly number[]): Promise<string> {
    const seen = (await consoleOf(machine.consoleLog)).length;
    serial.write(Uint8Array.from([0x6b, bytes.length, ...bytes]));
    const reply = async () => (await consoleOf(machine.consoleLog)).slice(seen);
    await eventually("the BMC replies to the guest", 20, async () => (await reply()).includes("\n"), reply);
    return (await reply()).trim();
  }

  it("see the BMC that answers over LAN", async () => {
    // Get Device ID: a BMC of IPMI 2.0.
    assert.match(await ask(0x18, 0x01), /^1c0100[0-9a-f]{8}02/);
    // Get LAN Configuration Parameters of channel 1: the address, parameter 3.
    assert.equal(await ask(0x30, 0x02, 0x01, 0x03, 0x00, 0x00), "340200110a4d010a");
    assert.match(await ipmitool(lab, machine.name, "lan", "print", "1"), /IP Address +: 10\.77\.1\.10/);
  });

  it("share users: one that the guest names is there over LAN", async () => {
    const name = new Uint8Array(16);
    name.set(new TextEncoder().encode("guest"));
    assert.equal(await ask(0x18, 0x45, 0x03, ...name), "1c4500");
    assert.match(await ipmitool(lab, machine.name, "user", "list", "1"), /^3 +guest/m);
  });

  it("do not need the BMC's cable", async () => {
    await machine.setFaults({ silent: true });
    assert.match(await ask(0x18, 0x01), /^1c0100/);
    await machine.setFaults();
  });

  it("can switch the machine off", async () => {
    serial.write(Uint8Array.from([0x6b, 3, 0x00, 0x02, 0x00]));
    await eventually("the machine is off", 20, async () => (await machine.status()).power === "off");
  });
});

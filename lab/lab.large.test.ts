import assert from "node:assert/strict";
import { once } from "node:events";
import { access, mkdtemp, open, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createLab, type Lab } from "./index.ts";
import { bootSector, bootSectorGreeting } from "./testing/boot-sector.ts";
import { consoleOf, eventually, ipmitool, observeDhcp } from "./testing/observer.ts";

const temporary: string[] = [];
const labs: Lab[] = [];
after(async () => {
  for (const lab of labs) await lab.down();
  for (const directory of temporary) await rm(directory, { recursive: true, force: true });
});

async function bringUp(suffix: string, firmware: "bios" | "uefi" | ("bios" | "uefi")[], machines = 1): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), "rw-"));
  temporary.push(directory);
  const name = `t${process.pid}${suffix}`;
  const lab = await createLab({ name, stateDirectory: join(directory, "lab"), machines, firmware });
  labs.push(lab);
  return lab;
}

describe("a lab of a BIOS and a UEFI machine", () => {
  it("powers on over IPMI, and each firmware asks for network boot as what it is", async () => {
    const lab = await bringUp("a", ["bios", "uefi"], 2);
    const observer = observeDhcp(lab);
    await eventually("dnsmasq listens", 10, () => observer.heard().includes("DHCP, IP range"), observer.heard);
    for (const { name } of lab.machines) {
      assert.equal(await ipmitool(lab, name, "chassis", "power", "status"), "Chassis Power is off");
      await ipmitool(lab, name, "chassis", "power", "on");
      assert.equal(await ipmitool(lab, name, "chassis", "power", "status"), "Chassis Power is on");
    }
    const [bios, uefi] = lab.machines;
    assert(bios !== undefined && uefi !== undefined);
    const asked = (mac: string) => observer.heard().includes(`DHCPDISCOVER(${lab.rackInterface}) ${mac}`);
    await eventually("both machines ask", 90, () => asked(bios.mac) && asked(uefi.mac), observer.heard);
    await eventually("the BIOS calls itself arch 0", 10, () =>
      /PXEClient:Arch:00000:UNDI:002001/.test(observer.heard()),
    );
    await eventually("UEFI calls itself arch 7", 10, () => /PXEClient:Arch:00007:UNDI:003000/.test(observer.heard()));
    assert.match(observer.heard(), /tags: .*arch-bios/);
    assert.match(observer.heard(), /tags: .*arch-uefi/);
    for (const machine of lab.machines) {
      await eventually(`QEMU of ${machine.name} reaches its BMC`, 20, async () => (await machine.status()).bmcLinked);
      await ipmitool(lab, machine.name, "chassis", "power", "off");
      assert.equal((await machine.status()).power, "off");
    }
    await observer.stop();
    await lab.down();
  });

  it("starts the UEFI machine from the disk once when told so", async () => {
    const lab = await bringUp("b", "uefi");
    const [machine] = lab.machines;
    assert(machine !== undefined);
    await ipmitool(lab, machine.name, "chassis", "bootdev", "disk", "options=efiboot");
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    const text = () => consoleOf(machine.consoleLog);
    await eventually("it comes to the network", 90, async () => (await text()).includes("Start PXE over IPv4"), text);
    const [beforeNetwork = ""] = (await text()).split("Start PXE over IPv4");
    assert.match(beforeNetwork, /failed to load Boot\d{4} "UEFI Misc Device"/, "the disk, which is empty, came first");
    // The wish was for once: now the network is first, and the disk is not tried before it.
    const seen = (await text()).length;
    await eventually("the next order is armed", 10, async () => (await machine.status()).bootOrderArmed);
    await ipmitool(lab, machine.name, "chassis", "power", "reset");
    const later = async () => (await text()).slice(seen);
    await eventually("it comes to the network again", 90, async () => (await later()).includes("Start PXE"), later);
    assert.doesNotMatch(await later(), /failed to load/);
    await lab.down();
  });
});

describe("the boot order of a BIOS machine", () => {
  it("honours disk once, forgets it when the guest resets, and sees the guest power off", async () => {
    const lab = await bringUp("c", "bios");
    const [machine] = lab.machines;
    assert(machine !== undefined);
    const disk = await open(machine.disks[0]?.path ?? "", "r+");
    await disk.write(bootSector());
    await disk.close();
    const observer = observeDhcp(lab);
    const text = () => consoleOf(machine.consoleLog);
    await ipmitool(lab, machine.name, "chassis", "bootdev", "disk");
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    await eventually("it starts from the disk", 60, async () => (await text()).includes(bootSectorGreeting), text);
    assert.doesNotMatch(await text(), /Configuring \(net0/);
    assert.match(await ipmitool(lab, machine.name, "chassis", "bootparam", "get", "5"), /Boot Flag Invalid/);

    await eventually("the next order is armed", 10, async () => (await machine.status()).bootOrderArmed);
    const seen = (await text()).length;
    const serial = createConnection(machine.serialSocket);
    serial.resume();
    await once(serial, "connect");
    serial.write("r");
    const later = async () => (await text()).slice(seen);
    await eventually("it comes to the network", 60, async () => (await later()).includes("Configuring (net0"), later);
    await eventually("and then to the disk", 60, async () => (await later()).includes(bootSectorGreeting), later);
    assert.ok((await later()).indexOf("Configuring") < (await later()).indexOf(bootSectorGreeting));
    assert.equal((await machine.status()).firmwareStarts, 2);

    serial.write("o");
    await eventually("the BMC reports off", 10, async () => {
      return (await ipmitool(lab, machine.name, "chassis", "power", "status")) === "Chassis Power is off";
    });
    serial.destroy();
    await observer.stop();
    await lab.down();
  });

  it("honours disk once at a reset, through the resets that SeaBIOS does by itself, and not at the next", async () => {
    const lab = await bringUp("h", "bios");
    const [machine] = lab.machines;
    assert(machine !== undefined);
    const disk = await open(machine.disks[0]?.path ?? "", "r+");
    await disk.write(bootSector());
    await disk.close();
    const text = () => consoleOf(machine.consoleLog);
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    await eventually("it comes to the network", 60, async () => (await text()).includes("Configuring (net0"), text);
    await ipmitool(lab, machine.name, "chassis", "bootdev", "disk");
    let seen = (await text()).length;
    const later = async () => (await text()).slice(seen);
    await ipmitool(lab, machine.name, "chassis", "power", "reset");
    await eventually("it starts from the disk", 60, async () => (await later()).includes(bootSectorGreeting), later);
    assert.doesNotMatch(await later(), /Configuring \(net0/);
    seen = (await text()).length;
    await ipmitool(lab, machine.name, "chassis", "power", "reset");
    await eventually("it comes to the network", 60, async () => (await later()).includes("Configuring (net0"), later);
    assert.doesNotMatch(await later(), new RegExp(bootSectorGreeting));
    await lab.down();
  });

  it("keeps a persistent wish over resets and cycles", async () => {
    const lab = await bringUp("d", "bios");
    const [machine] = lab.machines;
    assert(machine !== undefined);
    const disk = await open(machine.disks[0]?.path ?? "", "r+");
    await disk.write(bootSector());
    await disk.close();
    const text = () => consoleOf(machine.consoleLog);
    await ipmitool(lab, machine.name, "chassis", "bootdev", "disk", "options=persistent");
    for (const [times, action] of [
      [1, "on"],
      [2, "reset"],
      [3, "cycle"],
    ] as const) {
      await ipmitool(lab, machine.name, "chassis", "power", action);
      const greetings = async () => (await text()).split(bootSectorGreeting).length - 1;
      await eventually(`start ${times} from the disk`, 60, async () => (await greetings()) === times, text);
    }
    assert.doesNotMatch(await text(), /Configuring \(net0/);
    await lab.down();
  });
});

describe("two labs at once", () => {
  it("have the same addresses and do not meet", async () => {
    const [one, two] = await Promise.all([bringUp("e", "bios"), bringUp("f", "bios")]);
    const [first] = one.machines;
    const [second] = two.machines;
    assert(first !== undefined && second !== undefined);
    assert.equal(first.bmc.address, second.bmc.address);
    assert.notEqual(first.mac, second.mac);
    await ipmitool(one, first.name, "chassis", "power", "on");
    assert.equal(await ipmitool(two, second.name, "chassis", "power", "status"), "Chassis Power is off");
    await one.down();
    assert.equal(await ipmitool(two, second.name, "chassis", "power", "status"), "Chassis Power is off");
    await two.down();
    for (const lab of [one, two]) await assert.rejects(access(lab.stateDirectory));
  });

  it("cannot have one name", async () => {
    const lab = await bringUp("g", "bios");
    const stateDirectory = `${lab.stateDirectory}-2`;
    await assert.rejects(createLab({ name: lab.name, stateDirectory, machines: 1 }), /exists already/);
    await assert.rejects(access(stateDirectory));
    const { stateDirectory: same } = lab;
    await assert.rejects(createLab({ name: `${lab.name}h`, stateDirectory: same, machines: 1 }), /already holds a lab/);
    await lab.down();
  });
});

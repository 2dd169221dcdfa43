import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLab, downLab, type Lab, type LabMachine } from "./index.ts";
import { answers, consoleOf, eventually, ipmitool } from "./testing/observer.ts";

describe("faults of a lab", () => {
  let directory: string;
  let lab: Lab;
  let machine: LabMachine;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rw-"));
    const stateDirectory = join(directory, "lab");
    lab = await createLab({ name: `f${process.pid}`, stateDirectory, machines: 1, diskGiB: 1 });
    machine = lab.machine("machine-1");
  });
  after(async () => {
    await downLab(join(directory, "lab"));
    await rm(directory, { recursive: true, force: true });
  });
  const power = () => ipmitool(lab, machine.name, "chassis", "power", "status");

  it("silences a BMC", async () => {
    await machine.setFaults({ silent: true });
    assert.equal(await answers(lab, machine.name), false);
    await machine.setFaults();
    assert.equal(await answers(lab, machine.name), true);
    assert.equal(await power(), "Chassis Power is off");
  });

  it("lets a BMC lie about power and ignore or refuse actions", async () => {
    await machine.setFaults({ claimsPower: "on" });
    assert.equal(await power(), "Chassis Power is on");
    await machine.setFaults({ ignoresControl: true });
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    assert.equal(await power(), "Chassis Power is off");
    await machine.setFaults({ refusesControl: true });
    await assert.rejects(ipmitool(lab, machine.name, "chassis", "power", "on"));
    await machine.setFaults();
  });

  it("changes a BMC's password and brings it back", async () => {
    await machine.setFaults({ password: "not-what-you-know" });
    await assert.rejects(power(), /Unable to establish|RAKP/);
    await machine.setFaults();
    assert.equal(await power(), "Chassis Power is off");
  });

  it("delays a BMC's answers", async () => {
    await machine.setFaults({ delayMilliseconds: 200 });
    const start = performance.now();
    await power();
    // A session takes at least six exchanges.
    assert.ok(performance.now() - start > 1200);
    await machine.setFaults();
  });

  it("says which field of a fault is wrong", async () => {
    await assert.rejects(machine.setFaults({ delayMilliseconds: -1 }), /delayMilliseconds/);
  });

  it("pulls the network cable and loses packets and power", async () => {
    await machine.power("on");
    const received = async () => {
      const { stdout: statistics } = await lab.run(["cat", `/sys/class/net/${machine.tap}/statistics/rx_packets`]);
      return Number(statistics);
    };
    await eventually("the machine talks", 30, async () => (await received()) > 0);
    await machine.setPacketLoss(100);
    const rules = await lab.run(["nft", "list", "ruleset"]);
    assert.match(rules.stdout, /numgen random mod 1000 <= 999 counter packets \d+ bytes \d+ drop/);
    const dropped = async () => {
      const { stdout: listed } = await lab.run(["nft", "list", "ruleset"]);
      return /ingress[^}]*counter packets [1-9]/.test(listed);
    };
    await eventually("packets are dropped", 60, dropped);
    await machine.setPacketLoss(0);
    assert.equal((await lab.run(["nft", "list", "ruleset"])).stdout, "");

    await machine.setLink(false);
    const seen = (await consoleOf(machine.consoleLog)).length;
    await machine.power("reset");
    const silent = await received();
    const later = async () => (await consoleOf(machine.consoleLog)).slice(seen);
    // Each dot is a wait for an answer.
    await eventually("it asks in vain", 60, async () => /Configuring \(net0[^\n]*\.{5}/.test(await later()), later);
    assert.equal(await received(), silent);
    await machine.setLink(true);
    assert.equal((await machine.losePower()).power, "off");
  });

  it("has a second DHCP server, which answers machines and goes away", async () => {
    const stranger = await lab.startStrangerDhcp();
    await machine.power("on");
    const heard = () => readFile(stranger.log, "utf8");
    await eventually("it leases an address", 60, async () => (await heard()).includes(`DHCPACK(stranger)`), heard);
    assert.match(await heard(), new RegExp(machine.mac));
    await stranger.stop();
    const again = await lab.startStrangerDhcp();
    assert.equal(again.address, stranger.address);
    await lab.down();
  });
});

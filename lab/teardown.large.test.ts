import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { adoptLab, createLab, downLab, loadLab, type Lab } from "./index.ts";
import { readState } from "./state.ts";
import { answers, eventually, ipmitool, remains } from "./testing/observer.ts";

const started: { directory: string; stateDirectory: string }[] = [];
after(async () => {
  for (const { directory, stateDirectory } of started) {
    await downLab(stateDirectory);
    await rm(directory, { recursive: true, force: true });
  }
});

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rw-"));
  const stateDirectory = join(directory, "lab");
  started.push({ directory, stateDirectory });
  return stateDirectory;
}

async function bringUp(suffix: string, machines: number): Promise<Lab> {
  const name = `d${process.pid}${suffix}`;
  return createLab({ name, stateDirectory: await place(), machines, diskGiB: 1 });
}

describe("a lab whose processes were killed", () => {
  it("leaves nothing behind when it is taken down, and taking it down again does nothing", async () => {
    const lab = await bringUp("a", 2);
    const state = await readState(lab.stateDirectory);
    assert(state !== undefined);
    for (const machine of lab.machines) await machine.power("on");
    lab.spawn(["sleep", "600"], { stdio: "ignore" });
    const pids = await Promise.all(
      lab.machines.map(async (machine) => {
        const { qemu } = await machine.status();
        await machine.killBmc();
        return qemu?.pid ?? 0;
      }),
    );
    for (const pid of pids)
      assert.match(await readFile(`/proc/${pid}/cmdline`, "utf8"), /qemu/, "QEMU outlives its BMC");

    const down = await downLab(lab.stateDirectory);
    assert.equal(down.found, true);
    assert.equal(down.ended.length, 3);
    assert.deepEqual(down.strangers, []);
    assert.deepEqual(await remains(state), []);
    await assert.rejects(access(lab.stateDirectory));
    assert.deepEqual(await downLab(lab.stateDirectory), { found: false, ended: [], strangers: [] });
    assert.equal((await lab.down()).found, false);
    await assert.rejects(loadLab(lab.stateDirectory), /there is no lab in it/);
  });

  it("gets its BMCs back by adoption; the machines have not noticed, the BMC remembers its users", async () => {
    const lab = await bringUp("b", 1);
    const [machine] = lab.machines;
    assert(machine !== undefined);
    await ipmitool(lab, machine.name, "user", "set", "name", "3", "second");
    await ipmitool(lab, machine.name, "chassis", "power", "on");
    const before = await machine.status();
    await machine.killBmc();
    assert.equal(await answers(lab, machine.name), false);

    const adopted = await adoptLab(lab.stateDirectory);
    const status = await adopted.machine(machine.name).status();
    assert.deepEqual(status.qemu, before.qemu);
    assert.notEqual(status.supervisor.pid, before.supervisor.pid);
    assert.match(await ipmitool(adopted, machine.name, "user", "list", "1"), /^3 +second/m);
    await eventually("QEMU reaches its BMC again", 10, async () => (await machine.status()).bmcLinked);
    await ipmitool(adopted, machine.name, "chassis", "power", "reset");
    await ipmitool(adopted, machine.name, "chassis", "power", "off");
    assert.equal(await ipmitool(adopted, machine.name, "chassis", "power", "status"), "Chassis Power is off");
    await lab.down();
  });

  it("reports off when QEMU is killed", async () => {
    const lab = await bringUp("c", 1);
    const [machine] = lab.machines;
    assert(machine !== undefined);
    const { qemu } = await machine.power("on");
    process.kill(qemu?.pid ?? 0, "SIGKILL");
    await eventually("the BMC reports off", 10, async () => (await machine.status()).power === "off");
    await lab.down();
  });

  it("spares a stranger in its namespace and says so", async () => {
    const lab = await bringUp("d", 1);
    const stranger = spawn("ip", ["netns", "exec", lab.namespace, "sleep", "60"], { stdio: "ignore" });
    const state = await readState(lab.stateDirectory);
    assert(state !== undefined);
    await eventually("the stranger is in", 5, async () => {
      return (await readFile(`/proc/${stranger.pid}/comm`, "utf8")) === "sleep\n";
    });
    const down = await lab.down();
    assert.deepEqual(down.strangers, [stranger.pid]);
    assert.deepEqual(await remains(state), []);
    assert.equal(stranger.exitCode, null);
    stranger.kill();
    await once(stranger, "exit");
  });
});

describe("a builder killed half-way", () => {
  for (const delay of [0, 60, 200, 350]) {
    it(`leaves a lab that can be taken down, ${delay} ms after it wrote its plan`, async () => {
      const stateDirectory = await place();
      const name = `k${process.pid}x${delay}`;
      const script = `
        import { createLab } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
        await createLab(${JSON.stringify({ name, stateDirectory, machines: 3, diskGiB: 1 })});`;
      const builder = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "ignore" });
      const planned = async () => (await readState(stateDirectory)) !== undefined;
      await eventually("the plan is written", 20, planned);
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      builder.kill("SIGKILL");
      if (builder.exitCode === null && builder.signalCode === null) await once(builder, "exit");
      const state = await readState(stateDirectory);
      assert(state !== undefined);
      await downLab(stateDirectory);
      assert.deepEqual(await remains(state), []);
      await assert.rejects(access(stateDirectory));
    });
  }
});

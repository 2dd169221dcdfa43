import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { askSupervisor, serveControl, type MachineStatus } from "./control.ts";
import { noFaults } from "./faults.ts";

const status: MachineStatus = {
  supervisor: { pid: 1, startTime: "1", bootId: "b" },
  power: "off",
  firmwareStarts: 0,
  nextBootOrder: ["network", "disk"],
  bootOrderArmed: true,
  bmcLinked: false,
  faults: noFaults,
};

describe("the control socket", () => {
  let directory: string;
  let path: string;
  const asked: unknown[] = [];
  const server = serveControl((request) => {
    asked.push(request);
    if (request.do === "power") return Promise.reject(new Error("a machine that is off cannot be reset"));
    return Promise.resolve(status);
  });
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rw-control-"));
    path = join(directory, "control.sock");
    server.listen(path);
    await once(server, "listening");
  });
  after(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });

  it("carries a request there and the status back", async () => {
    assert.deepEqual(await askSupervisor(path, { do: "faults", faults: { silent: true } }), status);
    assert.deepEqual(asked.at(-1), { do: "faults", faults: { ...noFaults, silent: true } });
  });

  it("carries errors back", async () => {
    await assert.rejects(askSupervisor(path, { do: "power", action: "reset" }), /cannot be reset/);
    await assert.rejects(askSupervisor(path, { do: "faults", faults: { lossPercent: 101 } }), /lossPercent/);
    await assert.rejects(askSupervisor(join(directory, "none"), { do: "status" }), { code: "ENOENT" });
  });

  it("survives rubbish and those who leave", async () => {
    for (const rubbish of ["\n", "{\n", "[]\n", '{"do":"rm"}\n', "x".repeat(200_000), "half a line"]) {
      const socket = createConnection(path);
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(rubbish);
      await new Promise((resolve) => socket.once("close", resolve));
    }
    assert.deepEqual(await askSupervisor(path, { do: "status" }), status);
  });
});

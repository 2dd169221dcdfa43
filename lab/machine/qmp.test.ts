import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectQmp, type QmpEvent } from "./qmp.ts";

describe("the client of QEMU's machine protocol", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rw-qmp-"));
  });
  after(() => rm(directory, { recursive: true }));

  async function connected(name: string, answer: (command: string, id: number, socket: Socket) => void, timeout = 500) {
    const path = join(directory, name);
    const server = createServer((socket) => {
      socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        for (const line of bytes.toString().trim().split("\n")) {
          const { execute, id }: { execute: string; id: number } = JSON.parse(line);
          if (execute === "qmp_capabilities") socket.write(`{"return": {}, "id": ${id}}\r\n`);
          else answer(execute, id, socket);
        }
      });
    });
    server.listen(path);
    await once(server, "listening");
    const events: QmpEvent[] = [];
    let closed = false;
    const onClose = () => {
      closed = true;
    };
    const qmp = await connectQmp(path, { onEvent: (event) => events.push(event), onClose }, timeout);
    return { qmp, events, closed: () => closed, stop: () => server.close() };
  }

  it("matches answers, passes events on and keeps QEMU's words", async () => {
    const { qmp, events, stop } = await connected("a", (command, id, socket) => {
      socket.write('{"event": "RESET", "data": {"guest": true}}\r\nnot json\r\n[1]\r\n');
      if (command === "bad")
        socket.write(`{"id": ${id}, "error": {"class": "GenericError", "desc": "index in use"}}\r\n`);
      else socket.write(`{"return": {"you said": "${command}"}, "id": ${id}}\r\n`);
    });
    assert.deepEqual(await qmp.execute("hello"), { "you said": "hello" });
    await assert.rejects(qmp.execute("bad"), /index in use/);
    assert.deepEqual(events[0], { event: "RESET", data: { guest: true } });
    qmp.close();
    stop();
  });

  it("gives up waiting, and rejects what is open when QEMU goes, even by reset", async () => {
    const { qmp, closed, stop } = await connected("b", (command, _, socket) => {
      if (command !== "deaf") return;
      // Closing with unread bytes resets the connection.
      socket.pause();
      setTimeout(() => socket.destroy(), 50);
    });
    await assert.rejects(qmp.execute("silence"), /does not answer silence/);
    const deaf = assert.rejects(qmp.execute("deaf"), /QEMU has gone/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await assert.rejects(qmp.execute("unread"), /QEMU has gone/);
    await deaf;
    assert.equal(closed(), true);
    await assert.rejects(qmp.execute("after"), /QEMU has gone/);
    stop();
  });
});

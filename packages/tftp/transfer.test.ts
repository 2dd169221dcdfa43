import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeAck, encodeError, negotiateRead, Receiver, Sender, wantedOptions } from "./index.ts";

const limits = { maxBlksize: 8192, maxWindowsize: 64, maxTimeoutSeconds: 60 };
const block = (packet: Uint8Array | undefined): number => ((packet?.[2] ?? 0) << 8) | (packet?.[3] ?? 0);

function sender(size: number, options: Record<string, string> = {}) {
  const out: Uint8Array[] = [];
  const terms = negotiateRead(new Map(Object.entries(options)), "octet", size, limits);
  const machine = new Sender(terms, (packet) => out.push(packet));
  machine.start(0);
  machine.feed(new Uint8Array(size), 0);
  machine.end(0);
  return { machine, out, take: () => out.splice(0) };
}

/** Sender and receiver over a line that loses, repeats and reorders as the list of fates says; 0 is a safe passage. */
function run(file: Uint8Array, wanted: { blksize?: number; windowsize?: number; tsize?: boolean }, fates: number[]) {
  const events: { at: number; order: number; go: () => void }[] = [];
  let now = 0;
  let fate = 0;
  let order = 0;
  const carry = (deliver: (packet: Uint8Array) => void) => (packet: Uint8Array) => {
    const kind = fates[fate++] ?? 0;
    const schedule = (delay: number) => events.push({ at: now + delay, order: order++, go: () => deliver(packet) });
    if (kind === 1) return;
    schedule(kind === 2 ? 25 : 1);
    if (kind === 3) schedule(4);
  };
  const got: Uint8Array[] = [];
  const terms = negotiateRead(wantedOptions(wanted), "octet", file.length, limits);
  const server: Sender = new Sender(
    terms,
    carry((packet) => client.receive(packet, now)),
  );
  let started = false;
  const toServer = carry((packet) => {
    if (packet[1] === 1) {
      if (started) server.restart(now);
      else {
        started = true;
        server.start(now);
        server.feed(file, now);
        server.end(now);
      }
    } else server.receive(packet, now);
  });
  const client = new Receiver({
    path: "f",
    wanted,
    transmit: toServer,
    deliver: (bytes) => got.push(Uint8Array.from(bytes)),
  });
  client.start(now);
  for (let step = 0; step < 200_000; step += 1) {
    events.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = events[0];
    const deadline = Math.min(server.deadline, client.deadline);
    if (next === undefined && deadline === Number.POSITIVE_INFINITY) break;
    now = Math.max(now, Math.min(next?.at ?? Number.POSITIVE_INFINITY, deadline));
    if (next !== undefined && next.at <= now) {
      events.shift();
      next.go();
    } else {
      server.tick(now);
      client.tick(now);
    }
  }
  return { server: server.outcome, client: client.outcome, got: Buffer.concat(got), packets: fate };
}

test("sizes around the block size end with a short block", () => {
  for (const size of [0, 1, 511, 512, 513, 1024, 5000]) {
    const file = Buffer.alloc(size, "rack");
    const { got, server, client } = run(file, {}, []);
    assert.deepEqual(server, { kind: "completed", confirmed: true });
    assert.deepEqual(client, { kind: "completed" });
    assert.ok(got.equals(file), `size ${size}`);
  }
});

test("block numbers wrap from 65535 to 0, also inside a window", () => {
  for (const windowsize of [1, 7]) {
    const file = Buffer.alloc(8 * 65_600 + 3);
    for (let i = 0; i < file.length; i += 4) file.writeUInt32LE(i, Math.min(i, file.length - 4));
    const { got, server } = run(file, { blksize: 8, windowsize }, []);
    assert.deepEqual(server, { kind: "completed", confirmed: true });
    assert.ok(got.equals(file));
  }
});

test("a repeated ACK never repeats DATA in lock-step", () => {
  const { machine, take } = sender(5000);
  assert.deepEqual(take().map(block), [1]);
  machine.receive(encodeAck(1), 5);
  machine.receive(encodeAck(1), 900);
  machine.receive(encodeAck(1), 901);
  assert.deepEqual(take().map(block), [2]);
});

test("in a window a repeated ACK is believed once, and only after a round trip", () => {
  const { machine, take } = sender(512 * 20, { windowsize: "4" });
  take();
  machine.receive(encodeAck(0), 10);
  assert.deepEqual(take().map(block), [1, 2, 3, 4]);
  machine.receive(encodeAck(4), 20);
  assert.deepEqual(take().map(block), [5, 6, 7, 8]);
  machine.receive(encodeAck(4), 21);
  assert.deepEqual(take(), [], "an echo of the window before");
  machine.receive(encodeAck(4), 32);
  assert.deepEqual(take().map(block), [5, 6, 7, 8], "block 5 was lost");
  machine.receive(encodeAck(4), 60);
  assert.deepEqual(take(), []);
  machine.receive(encodeAck(6), 61);
  assert.deepEqual(take().map(block), [7, 8, 9, 10], "a gap after 6 (RFC 7440 §4)");
});

test("ERROR 8 after OACK is an abort in the options stage", () => {
  const { machine, take } = sender(5000, { tsize: "0" });
  assert.equal(Buffer.from(take()[0] ?? []).toString("latin1"), "\0\x06tsize\x005000\0");
  machine.receive(encodeError(8, "User aborted the transfer"), 1);
  assert.deepEqual(machine.outcome, {
    kind: "aborted",
    code: 8,
    message: "User aborted the transfer",
    stage: "options",
  });
  assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
});

test("a silent client is asked again at growing intervals, then given up with an ERROR", () => {
  const { machine, take } = sender(5000);
  take();
  const times: number[] = [];
  while (machine.outcome === undefined) {
    times.push(machine.deadline);
    machine.tick(machine.deadline);
  }
  assert.deepEqual(times, [1000, 3000, 7000, 12_000, 17_000, 22_000]);
  assert.deepEqual(
    take().map((p) => p[1]),
    [3, 3, 3, 3, 3, 5],
  );
  assert.equal(machine.outcome.kind, "failed");
});

test("a negotiated timeout is kept until a round trip is known, then it is the longest interval", () => {
  const { machine } = sender(5000, { timeout: "3" });
  assert.equal(machine.deadline, 3000);
  machine.tick(3000);
  assert.equal(machine.deadline, 6000);
  machine.receive(encodeAck(0), 3010);
  machine.receive(encodeAck(1), 3020);
  assert.equal(machine.deadline, 3120);
  for (let i = 0; i < 5; i += 1) machine.tick(machine.deadline);
  assert.equal(machine.deadline, 3020 + 100 + 200 + 400 + 800 + 1600 + 3000);
});

test("a client that never acknowledges the last block has the file", () => {
  const { machine } = sender(600);
  machine.receive(encodeAck(1), 5);
  while (machine.outcome === undefined) machine.tick(machine.deadline);
  assert.deepEqual(machine.outcome, { kind: "completed", confirmed: false });
});

test("loss, repetition and reordering change nothing in what arrives", () => {
  const fates = fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3), { maxLength: 300 });
  const options = fc.record({
    blksize: fc.integer({ min: 8, max: 64 }),
    windowsize: fc.integer({ min: 1, max: 9 }),
    tsize: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), options, fates, (file, wanted, fates) => {
      const { client, got } = run(file, wanted, fates);
      if (client?.kind === "completed") assert.ok(got.equals(file));
      else assert.equal(client?.kind === "failed" ? client.reason : "", "timeout");
    }),
    { numRuns: 300 },
  );
});

test("a tenth of all packets lost: every transfer still completes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9), { minLength: 400, maxLength: 400 }),
      fc.integer({ min: 1, max: 16 }),
      (dice, windowsize) => {
        const file = Buffer.alloc(4000, "x");
        const fates = dice.map((d) => (d === 0 ? 1 : 0));
        const { client, got } = run(file, { blksize: 64, windowsize }, fates);
        assert.deepEqual(client, { kind: "completed" });
        assert.ok(got.equals(file));
      },
    ),
    { numRuns: 100 },
  );
});

test("duplicated packets do not double the traffic for the rest of the transfer", () => {
  const file = Buffer.alloc(64 * 200);
  const clean = run(file, { blksize: 64, windowsize: 4 }, []).packets;
  const { client, packets } = run(file, { blksize: 64, windowsize: 4 }, [...Array<number>(10).fill(0), 3, 3, 3, 3, 3]);
  assert.deepEqual(client, { kind: "completed" });
  assert.ok(packets < clean * 1.2, `${packets} packets, ${clean} without duplicates`);
});

test("any packets: the sender neither throws nor sends without bound", () => {
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(70_000).map((n) => encodeAck(n)),
    fc.tuple(fc.nat(7), fc.uint8Array({ maxLength: 20 })).map(([op, rest]) => Uint8Array.of(0, op, ...rest)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(packet, fc.nat(500)), { maxLength: 60 }), fc.boolean(), (packets, windowed) => {
      const { machine, out } = sender(4000, windowed ? { windowsize: "4", blksize: "16" } : {});
      const client: Uint8Array[] = [];
      const receiver = new Receiver({ path: "f", transmit: (p) => client.push(p), deliver: () => undefined });
      let now = 0;
      for (const [bytes, wait] of packets) {
        now += wait;
        machine.tick(now);
        machine.receive(bytes, now);
        receiver.tick(now);
        receiver.receive(bytes, now);
      }
      assert.ok(out.length <= (packets.length * 2 + 2) * 4);
      assert.ok(client.length <= packets.length * 2 + 2);
    }),
    { numRuns: 2000 },
  );
});

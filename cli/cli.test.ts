import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { supervisedArgv } from "./child.ts";
import { serverSentEvents } from "./client.ts";
import { rackName } from "./controllers.ts";
import { unionLength } from "./demo/report.ts";
import { parseDhcpOption } from "./subnets.ts";

async function* chunks(...parts: string[]): AsyncGenerator<string> {
  yield* parts;
}

test("server-sent events are split wherever the network cuts them", async () => {
  const text = ': hello\n\nid: 7\ndata: {"a":1}\n\nid: 8\r\ndata: one\r\ndata: two\r\n\r\n';
  const expected = [
    { id: "7", data: '{"a":1}' },
    { id: "8", data: "one\ntwo" },
  ];
  assert.deepEqual(await Array.fromAsync(serverSentEvents(chunks(text))), expected);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: text.length }), async (cut) => {
      assert.deepEqual(await Array.fromAsync(serverSentEvents(chunks(text.slice(0, cut), text.slice(cut)))), expected);
    }),
  );
});

test("a rack is named after its host, as one DNS label", () => {
  assert.equal(rackName("Rack_01.example.com"), "rack-01");
  assert.equal(rackName("---"), "rack");
  fc.assert(fc.property(fc.string(), (host) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(rackName(host))));
});

test("a DHCP option names network and range", () => {
  assert.deepEqual(parseDhcpOption("10.0.0.0/24=10.0.0.5-10.0.0.9"), {
    cidr: "10.0.0.0/24",
    first: "10.0.0.5",
    last: "10.0.0.9",
  });
  assert.throws(() => parseDhcpOption("10.0.0.0/24"), /--dhcp is '10.0.0.0\/24'/);
});

test("children die with us and run where they should", () => {
  assert.deepEqual(supervisedArgv(["node", "x"], "ns"), [
    "ip",
    "netns",
    "exec",
    "ns",
    "setpriv",
    "--pdeathsig",
    "SIGTERM",
    "--",
    "node",
    "x",
  ]);
});

test("overlapping intervals count once", () => {
  assert.equal(
    unionLength([
      [0, 2],
      [1, 3],
      [5, 6],
    ]),
    4,
  );
});

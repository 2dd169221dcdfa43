import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import test from "node:test";
import { PowerError } from "./errors.ts";
import { openBmcSockets, resolveBmc } from "./socket.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"));

for (const [type, address, host] of [
  ["udp4", "127.0.0.1", "127.0.0.1"],
  ["udp6", "::1", "[0:0::0:1]"],
] as const) {
  test(
    `${type}: a reply comes back under the address it was sent to`,
    { skip: type === "udp6" && !hasIpv6 },
    async (t) => {
      const echo = createSocket(type);
      echo.on("message", (datagram, from) => echo.send(datagram, from.port, from.address));
      echo.bind(0, address);
      await once(echo, "listening");
      const sockets = await openBmcSockets({ onError: (error) => assert.fail(error) });
      t.after(() => {
        echo.close();
        sockets.close();
      });
      const to = await resolveBmc(host);
      const { port } = echo.address();
      const answer = new Promise<unknown[]>((resolve) => {
        sockets.transport.onMessage((...received) => resolve(received));
      });
      sockets.transport.send(Uint8Array.of(1, 2, 3), to, port);
      const [datagram, from, fromPort] = await answer;
      assert.deepEqual([Buffer.from(datagram as Uint8Array).toString("hex"), from, fromPort], ["010203", to, port]);
    },
  );
}

test("a datagram that cannot be sent is told, not thrown", async (t) => {
  let tell: (error: Error) => void = () => {};
  const told = new Promise<Error>((resolve) => {
    tell = resolve;
  });
  const sockets = await openBmcSockets({ onError: (error) => tell(error) });
  t.after(() => sockets.close());
  sockets.transport.send(new Uint8Array(70_000), "127.0.0.1", 623);
  assert.match((await told).message, /EMSGSIZE/);
});

test("addresses have one spelling; a name without an address says what to do", async () => {
  assert.equal(await resolveBmc("192.0.2.7"), "192.0.2.7");
  assert.equal(await resolveBmc("2001:DB8:0:0::7"), "2001:db8::7");
  assert.equal(await resolveBmc("[2001:db8::7]"), "2001:db8::7");
  await assert.rejects(
    resolveBmc("bmc.invalid"),
    (error: unknown) => error instanceof PowerError && error.code === "bmc-unreachable",
  );
});

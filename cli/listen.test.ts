import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { requirePort } from "./listen.ts";

test("a port that is taken, and an address of another host, are told before anything starts", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(requirePort(port, "127.0.0.1"), new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use`));
  await new Promise((resolve) => server.close(resolve));
  await requirePort(port, "127.0.0.1");
  await assert.rejects(requirePort(port, "192.0.2.1"), /192\.0\.2\.1 is no address of this host/);
});

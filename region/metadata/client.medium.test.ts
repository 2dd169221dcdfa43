import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { forwardAuthorization, forwardHeader } from "@rackwright/contract";
import Fastify, { type FastifyRequest } from "fastify";
import { testDatabase } from "../database/testing.ts";
import { type Client, clientOf, leasedMac, rackUrl } from "./client.ts";
import { addLease, addMachine } from "./testing.ts";
import { InputError } from "../errors.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const seconds = String(start.getTime() / 1000);
const secret = Buffer.from("5ec2e7".repeat(8), "hex");

describe("the client of a request over TCP", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  const app = Fastify();
  let base: string;
  before(async () => {
    database = await testDatabase();
    await database.db.insertInto("racks").values({ name: "rack-one", secret }).execute();
    const handler = (request: FastifyRequest): Promise<Client> => clientOf(database.db, request, { now: () => start });
    app.all("/*", handler);
    await app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await app.close();
    await database.close();
  });

  const forwarded = { "x-forwarded-for": "10.0.0.50", "x-forwarded-host": "10.0.0.1:5248" };
  const parts = {
    rack: "rack-one",
    seconds,
    method: "GET",
    url: "/a?b=c",
    forwardedFor: "10.0.0.50",
    forwardedHost: "10.0.0.1:5248",
  };
  const proven = (changes: Partial<typeof parts> = {}, key = secret): Record<string, string> => {
    const told = { ...parts, ...changes };
    return { [forwardHeader]: forwardAuthorization(key, told.rack, new Date(Number(told.seconds) * 1000), told) };
  };
  const ask = async (headers: Record<string, string>, path = "/a?b=c", method = "GET"): Promise<Client> =>
    (await fetch(base + path, { method, headers })).json() as Promise<Client>;
  const itself = (): Client => ({ address: "127.0.0.1", host: base.slice("http://".length) });

  it("is the peer of the connection, whatever it says", async () => {
    assert.deepEqual(await ask({}), itself());
    assert.deepEqual(await ask(forwarded), itself());
  });

  it("is who a rack forwards for, when the rack proves its secret", async () => {
    assert.deepEqual(await ask({ ...forwarded, ...proven() }), { address: "10.0.0.50", host: "10.0.0.1:5248" });
  });

  it("is the peer when the proof is of another request, rack, secret or time", async () => {
    const old = String(Number(seconds) - 301);
    for (const headers of [
      proven({ url: "/a" }),
      proven({ method: "POST" }),
      proven({ forwardedFor: "10.0.0.51" }),
      proven({ forwardedHost: "10.0.0.2:5248" }),
      proven({ rack: "rack-two" }),
      proven({ seconds: old }),
      proven({ seconds: String(Number(seconds) + 301) }),
      proven({}, Buffer.alloc(24)),
      { "x-rackwright-rack": "rack-one" },
      { "x-rackwright-rack": `rack-one:${seconds}:${"0".repeat(64)}` },
    ]) {
      assert.deepEqual(await ask({ ...forwarded, ...headers }), itself(), JSON.stringify(headers));
    }
  });

  it("has no host name but one that can stand in a URL and a script", async () => {
    for (const host of ["evil'$(reboot)", "a b", "x/y", "10.0.0.1:5248:1", ""]) {
      const headers = { ...forwarded, "x-forwarded-host": host, ...proven({ forwardedHost: host }) };
      assert.equal((await ask(headers)).host, null, host);
    }
    assert.throws(() => rackUrl({ address: null, host: null }), InputError);
    assert.equal(rackUrl({ address: null, host: "10.0.0.1:5248" }), "http://10.0.0.1:5248");
  });

  it("holds an address by a lease that is running, or would be if its renewal had been told", async () => {
    const end = new Date(start.getTime() + 1);
    await addLease(database.db, "52:54:00:00:00:01", "10.0.0.50", end);
    const at = (address: string | null, now = start) => leasedMac(database.db, address, now);
    assert.equal(await at("10.0.0.50"), "52:54:00:00:00:01");
    assert.equal(await at("10.0.0.5"), null);
    assert.equal(await at(null), null);
    assert.equal(await at("10.0.0.50", new Date(end.getTime() + 10 * 60_000 - 1)), "52:54:00:00:00:01");
    const later = new Date(end.getTime() + 10 * 60_000);
    assert.equal(await at("10.0.0.50", later), null);
    const { mac, address } = await addMachine(database.db, "known0", "deployed", { now: start });
    const days = new Date(start.getTime() + 30 * 86_400_000);
    assert.equal(await at(address, days), mac, "the address of a machine is its own");
    await database.db.updateTable("leases").set({ state: "offered" }).execute();
    assert.equal(await at("10.0.0.50"), null);
  });
});

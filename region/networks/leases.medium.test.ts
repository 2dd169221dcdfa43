import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { type LeaseOfferAnswer, type LeaseOfferRequest, subnetCreate } from "@rackwright/contract";
import {
  array,
  assert as checkProperty,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  property,
  record,
} from "fast-check";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { somebodyWaits, testDatabase } from "../database/testing.ts";
import { toAddress, toNumber } from "./address.ts";
import { commitLeases } from "./lease-commit.ts";
import type { AllocationHints } from "./lease-free.ts";
import { leaseSeconds, offerLeases } from "./lease-offer.ts";
import { reportLeases } from "./lease-report.ts";
import { createSubnet } from "./subnets.ts";

const start = new Date("2026-01-01T00:00:00Z");
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const mac = (n: number): string =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;

const database = await testDatabase();
after(() => database.close());
let subnet = 0;
beforeEach(async () => {
  await sql`truncate leases, ip_ranges, subnets, events, machines, interfaces restart identity cascade`.execute(
    database.db,
  );
  await database.db.deleteFrom("racks").execute();
  subnet = await makeSubnet("10.0.0.0/24", "10.0.0.10", "10.0.0.19");
});

const makeSubnet = async (cidr: string, first: string, last: string): Promise<number> => {
  const wanted = subnetCreate.parse({ cidr, dhcp: true, dynamic_ranges: [{ first, last }] });
  return (await createSubnet(database.db, wanted, { actor: "root", now: new Date() })).id;
};
const ask = (n: number, more: Partial<LeaseOfferRequest> = {}): LeaseOfferRequest => ({
  mac: mac(n),
  subnet_id: subnet,
  requested: null,
  hostname: null,
  firmware: false,
  ...more,
});
const offer = (requests: LeaseOfferRequest[], now = start, hints: AllocationHints = new Map()) =>
  offerLeases(database.db, requests, hints, now);
const commit = (n: number, address: string, now = start) =>
  commitLeases(database.db, [{ mac: mac(n), subnet_id: subnet, address, lease_seconds: 600, hostname: null }], now);
const address = (answer: LeaseOfferAnswer | undefined): string =>
  answer !== undefined && "address" in answer ? answer.address : `refused: ${answer?.reason}`;
const makeMachine = async (id: string, card: number): Promise<void> => {
  await database.db
    .insertInto("machines")
    .values({ id, hostname: `host-${id}`, status: "ready" })
    .execute();
  await database.db
    .insertInto("interfaces")
    .values({ machine_id: id, name: "eth0", mac: mac(card) })
    .execute();
};

test("a card gets a free address of the range, keeps it over offers and commits, and is told its lease time", async () => {
  const [first] = await offer([ask(1, { firmware: true })]);
  assert.deepEqual(first, { address: "10.0.0.10", lease_seconds: leaseSeconds.firmware, hostname: null });
  assert.deepEqual(await commit(1, "10.0.0.10"), [{ address: "10.0.0.10", lease_seconds: 600, hostname: null }]);
  assert.deepEqual((await offer([ask(1, { requested: "10.0.0.15" })], later(300))).map(address), ["10.0.0.10"]);
  const row = await database.db.selectFrom("leases").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.state, row.expires_at], ["leased", later(600)]);
  assert.deepEqual(address((await offer([ask(1)], later(100_000)))[0]), "10.0.0.10");
});

test("the address asked for is given when it is free, another when it is not, outside the range or claimed in the batch", async () => {
  const answers = await offer([
    ask(1, { requested: "10.0.0.17" }),
    ask(2, { requested: "10.0.0.17" }),
    ask(3, { requested: "10.0.0.200" }),
    ask(1, { requested: "10.0.0.17" }),
  ]);
  assert.deepEqual(answers.map(address), ["10.0.0.17", "10.0.0.10", "10.0.0.11", "10.0.0.17"]);
});

test("unknown subnets and subnets without DHCP are refused with the reason", async () => {
  await sql`update subnets set dhcp = false where id = ${subnet}`.execute(database.db);
  const answers = await offer([ask(1), ask(2, { subnet_id: 999 })]);
  assert.deepEqual(answers, [
    { refused: "unknown-subnet", reason: "DHCP is off on 10.0.0.0/24" },
    { refused: "unknown-subnet", reason: "there is no subnet 999" },
  ]);
  assert.deepEqual(await commit(1, "10.0.0.10"), [{ refused: "unknown-subnet", reason: "DHCP is off on 10.0.0.0/24" }]);
});

test("an exhausted range refuses and tells it once a minute; ended leases are reused, the longest ended first", async () => {
  const all = await offer(Array.from({ length: 10 }, (_, n) => ask(n)));
  assert.equal(new Set(all.map(address)).size, 10);
  for (let n = 0; n < 10; n++) await commit(n, address(all[n]), later(9 - n));
  assert.deepEqual(await offer([ask(20)], later(1)), [
    { refused: "no-free-address", reason: "no free address in 10.0.0.0/24" },
  ]);
  await offer([ask(20)], later(2));
  const told = await database.db.selectFrom("events").select(["type", "message", "failure"]).execute();
  const events = told.filter(({ type }) => type !== "subnet.changed");
  assert.equal(events.length, 1);
  assert.match(events[0]?.message ?? "", /10\.0\.0\.0\/24 has no free address left/);
  assert.match(events[0]?.failure?.next ?? "", /PATCH \/api\/v1\/subnets/);
  const reused = await offer([ask(20), ask(21)], later(2000));
  assert.deepEqual(reused.map(address), [address(all[9]), address(all[8])]);
});

test("a machine keeps its address: its ended lease is never given to another", async () => {
  for (let n = 0; n < 10; n++) await offer([ask(n)]);
  await makeMachine("aaaaaa", 0);
  const held = address((await offer([ask(0)], later(100_000)))[0]);
  const others = await offer(
    Array.from({ length: 10 }, (_, n) => ask(50 + n)),
    later(200_000),
  );
  assert.equal(others.filter((answer) => address(answer).startsWith("refused")).length, 1);
  assert.ok(!others.map(address).includes(held));
  const own = (await offer([ask(0)], later(300_000)))[0];
  assert.deepEqual(own, { address: held, lease_seconds: 600, hostname: "host-aaaaaa" });
  assert.match(address((await commit(60, held, later(400_000)))[0]), /another network card/);
});

test("gateway and racks' addresses are never given, even where a range came to contain them", async () => {
  await sql`update subnets set gateway = '10.0.0.10'`.execute(database.db);
  const interfaces = json([{ name: "eth0", mac: null, addresses: ["10.0.0.11/24"] }]);
  await database.db
    .insertInto("racks")
    .values({ name: "r", secret: Buffer.alloc(32), interfaces })
    .execute();
  const answers = await offer([ask(1, { requested: "10.0.0.11" }), ask(2, { requested: "10.0.0.10" })]);
  assert.deepEqual(answers.map(address).sort(), ["10.0.0.12", "10.0.0.13"]);
  assert.match(address((await commit(9, "10.0.0.11"))[0]), /outside every dynamic range/);
});

test("a commit without an offer is taken when the address is free, refused when it is another's or not the card's", async () => {
  assert.equal(address((await commit(1, "10.0.0.12"))[0]), "10.0.0.12");
  assert.match(address((await commit(2, "10.0.0.12"))[0]), /another network card's address/);
  assert.match(address((await commit(1, "10.0.0.13"))[0]), /has 10\.0\.0\.12 on 10\.0\.0\.0\/24, not 10\.0\.0\.13/);
  assert.match(address((await commit(3, "10.0.0.99"))[0]), /outside every dynamic range/);
  assert.equal(address((await commit(2, "10.0.0.12", later(601)))[0]), "10.0.0.12");
  assert.equal(address((await commit(1, "10.0.0.12", later(602)))[0]).startsWith("refused"), true);
});

test("a released address is another's at once, a declined one is parked an hour; only the holder can do either", async () => {
  await offer(Array.from({ length: 10 }, (_, n) => ask(n)));
  const report = (action: "release" | "decline", n: number, last: number) =>
    reportLeases(database.db, [{ action, mac: mac(n), subnet_id: subnet, address: `10.0.0.${last}` }], later(10));
  await report("release", 5, 10);
  await report("decline", 5, 11);
  assert.match(address((await offer([ask(30)], later(11)))[0]), /no free/);
  await report("release", 0, 10);
  await report("decline", 1, 11);
  assert.equal(address((await offer([ask(30)], later(12)))[0]), "10.0.0.10");
  await sql`update leases set expires_at = ${later(90_000)} where state <> 'declined'`.execute(database.db);
  assert.match(address((await offer([ask(31)], later(3000)))[0]), /no free/);
  assert.equal(address((await offer([ask(31)], later(3611)))[0]), "10.0.0.11");
});

test("when the range moves, a stranger gets a new address and a machine keeps the old one", async () => {
  await offer([ask(1), ask(2)]);
  await makeMachine("aaaaaa", 2);
  await sql`update ip_ranges set first = '10.0.0.100', last = '10.0.0.110'`.execute(database.db);
  assert.deepEqual((await offer([ask(1), ask(2)], later(1))).map(address), ["10.0.0.100", "10.0.0.11"]);
  assert.equal(address((await commit(2, "10.0.0.11", later(2)))[0]), "10.0.0.11");
});

test("a thousand cards in one batch get a thousand addresses of several ranges", async () => {
  const big = await makeSubnet("10.8.0.0/16", "10.8.1.0", "10.8.2.255");
  await database.db
    .insertInto("ip_ranges")
    .values({ subnet_id: big, kind: "dynamic", first: "10.8.10.0", last: "10.8.13.255" })
    .execute();
  const hints: AllocationHints = new Map();
  const began = performance.now();
  const answers = await offer(
    Array.from({ length: 1000 }, (_, n) => ask(n, { subnet_id: big })),
    start,
    hints,
  );
  assert.equal(new Set(answers.map(address)).size, 1000);
  assert.ok(performance.now() - began < 3000, "one batch of 1000 must not take seconds");
  const more = await offer(
    Array.from({ length: 1000 }, (_, n) => ask(1000 + n, { subnet_id: big })),
    start,
    hints,
  );
  assert.equal(more.filter((answer) => "address" in answer).length, 536);
});

test("an ended lease that is renewed at this moment is nobody else's", async () => {
  const wanted = "10.0.0.17";
  for (const take of [
    async (now: Date) => (await commit(2, wanted, now))[0],
    async (now: Date) => (await offer([ask(2, { requested: wanted })], now))[0],
  ]) {
    await sql`truncate leases`.execute(database.db);
    await commit(1, wanted);
    const taken = await database.db.transaction().execute(async (tx) => {
      // As the rack of the first card renews it, which is not over yet.
      await sql`update leases set expires_at = ${later(2000)}`.execute(tx);
      const taking = take(later(700));
      await somebodyWaits(database.db);
      return { taking };
    });
    const answer = await taken.taking;
    assert.notEqual(answer !== undefined && "address" in answer ? answer.address : null, wanted);
    assert.equal(address((await commit(1, wanted, later(701)))[0]), wanted);
  }
});

test("racks that allocate at once never promise one address twice (property)", async () => {
  const step = record({
    kind: constantFrom("offer", "commit"),
    card: nat(24),
    last: integer({ min: 8, max: 22 }),
    requested: boolean(),
  });
  const plan = array(array(step, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 6 });
  await checkProperty(
    asyncProperty(plan, array(nat(900), { minLength: 3, maxLength: 3 }), async (racks, pauses) => {
      await sql`truncate leases`.execute(database.db);
      let now = start;
      for (const pause of pauses) {
        const results = await Promise.all(racks.map((steps) => work(steps, now)));
        check(results.flat());
        now = new Date(now.getTime() + pause * 1000);
      }
    }),
    { numRuns: 15 },
  );

  type Step = { kind: string; card: number; last: number; requested: boolean };
  type Grant = { card: number; address: string };
  async function work(steps: Step[], now: Date): Promise<Grant[]> {
    const asked = steps.filter(({ kind }) => kind === "offer");
    const offers = await offer(
      asked.map(({ card, last, requested }) => ask(card, { requested: requested ? `10.0.0.${last}` : null })),
      now,
    );
    const chosen = steps.filter(({ kind }) => kind === "commit");
    const commits = await commitLeases(
      database.db,
      chosen.map(({ card, last }) => ({
        mac: mac(card),
        subnet_id: subnet,
        address: `10.0.0.${last}`,
        lease_seconds: 600,
        hostname: null,
      })),
      now,
    );
    const granted = (from: Step[], answers: LeaseOfferAnswer[]): Grant[] =>
      from.flatMap(({ card }, n) => {
        const answer = answers[n];
        return answer !== undefined && "address" in answer ? [{ card, address: answer.address }] : [];
      });
    return [...granted(asked, offers), ...granted(chosen, commits)];
  }
  function check(grants: Grant[]): void {
    const holders = new Map<string, number>();
    for (const { card, address } of grants) {
      assert.ok(toNumber(address) >= toNumber("10.0.0.10") && toNumber(address) <= toNumber("10.0.0.19"), address);
      assert.equal(holders.get(address) ?? card, card, `${address} went to two cards`);
      holders.set(address, card);
    }
  }
});

test("addresses turn into numbers and back (property)", () => {
  checkProperty(property(nat(0xffffffff), (number) => assert.equal(toNumber(toAddress(number)), number)));
});

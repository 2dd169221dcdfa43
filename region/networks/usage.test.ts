import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIp, parseNetwork, printIp } from "./ip.ts";
import { suggest } from "./suggest.ts";
import { isFree, type Purpose, sizeOf, type Usage, type Used, usageOf } from "./usage.ts";

const network = (cidr: string) => parseNetwork(cidr) ?? assert.fail(cidr);
const used = (first: string, last: string, purpose: Purpose): Used => ({
  first: parseIp(first)?.value ?? 0n,
  last: parseIp(last)?.value ?? 0n,
  purpose,
});
const told = ({ stretches, network: { version } }: Usage): string[] =>
  stretches.map(({ first, last, purposes }) => {
    const text = [first, last].map((value) => printIp({ version, value })).join("-");
    return `${text} ${purposes.join("+") || "free"}`;
  });

test("a subnet's addresses are told apart by what they are for", () => {
  const usage = usageOf(
    network("10.0.0.0/24"),
    [
      used("10.0.0.1", "10.0.0.1", "gateway-ip"),
      used("10.0.0.1", "10.0.0.1", "dns-server"),
      used("10.0.0.200", "10.0.0.254", "dynamic"),
      used("10.0.0.210", "10.0.0.210", "assigned-ip"),
      used("10.9.0.0", "10.9.0.9", "reserved"),
    ],
    true,
  );
  assert.deepEqual(told(usage), [
    "10.0.0.1-10.0.0.1 dns-server+gateway-ip",
    "10.0.0.2-10.0.0.199 free",
    "10.0.0.200-10.0.0.209 dynamic",
    "10.0.0.210-10.0.0.210 assigned-ip+dynamic",
    "10.0.0.211-10.0.0.254 dynamic",
  ]);
  assert.deepEqual([usage.total, usage.used, usage.free, usage.largestFree], [254n, 56n, 198n, 198n]);
  assert.deepEqual(suggest(usage), { gateway: null, dynamicRange: null });
});

test("of a subnet that is not managed only the reserved ranges are free", () => {
  const ranges = [used("10.0.0.10", "10.0.0.19", "reserved"), used("10.0.0.12", "10.0.0.12", "assigned-ip")];
  assert.deepEqual(told(usageOf(network("10.0.0.0/24"), ranges, false)), [
    "10.0.0.1-10.0.0.9 unmanaged",
    "10.0.0.10-10.0.0.11 free",
    "10.0.0.12-10.0.0.12 assigned-ip",
    "10.0.0.13-10.0.0.19 free",
    "10.0.0.20-10.0.0.254 unmanaged",
  ]);
});

test("an IPv6 subnet has too many addresses for a number, and its first is any router's", () => {
  const usage = usageOf(network("fd00::/64"), [], true);
  assert.deepEqual(told(usage), ["fd00::-fd00:: rfc-4291-2.6.1", "fd00::1-fd00::ffff:ffff:ffff:ffff free"]);
  assert.equal(usage.total, 2n ** 64n);
  assert.equal(usage.free, 2n ** 64n - 1n);
});

const purpose = fc.constantFrom<Purpose[]>("gateway-ip", "dns-server", "dynamic", "reserved", "assigned-ip");
const cases = fc
  .tuple(
    fc.constantFrom(
      "10.0.0.0/24",
      "10.0.0.0/28",
      "10.0.0.4/30",
      "10.0.0.0/31",
      "10.0.0.1/32",
      "fd00::/120",
      "fd00::/127",
    ),
    fc.boolean(),
  )
  .chain(([cidr, managed]) => {
    const { first, last } = network(cidr);
    const at = fc.bigInt(first - 4n, last + 4n);
    const span = fc.tuple(at, at, purpose).map(([one, other, its]) => ({
      first: one < other ? one : other,
      last: one < other ? other : one,
      purpose: its,
    }));
    return fc.record({
      cidr: fc.constant(cidr),
      managed: fc.constant(managed),
      spans: fc.array(span, { maxLength: 8 }),
    });
  });

test("stretches cover the subnet once and without gaps, and the numbers add up (property)", () => {
  fc.assert(
    fc.property(cases, ({ cidr, managed, spans }) => {
      const usage = usageOf(network(cidr), spans, managed);
      let next = usage.whole.first;
      for (const stretch of usage.stretches) {
        assert.equal(stretch.first, next);
        assert.ok(stretch.first <= stretch.last);
        next = stretch.last + 1n;
      }
      assert.equal(next, usage.whole.last + 1n);
      const sum = (free: boolean) =>
        usage.stretches.filter((one) => isFree(one) === free).reduce((all, one) => all + sizeOf(one), 0n);
      assert.deepEqual([sum(true), sum(false)], [usage.free, usage.used]);
      assert.equal(usage.free + usage.used, usage.total);
      // One by one: what an address is for is what the spans say.
      for (const { first, last, purposes } of managed ? usage.stretches : [])
        for (const value of [first, last]) {
          const its = spans.filter((one) => one.first <= value && value <= one.last).map((one) => one.purpose);
          const rest = purposes.filter((one) => one !== "rfc-4291-2.6.1");
          assert.deepEqual(rest, [...new Set(its)].sort());
        }
    }),
    { numRuns: 300 },
  );
});

test("what is suggested is free, and the gateway is not in the range (property)", () => {
  fc.assert(
    fc.property(cases, ({ cidr, managed, spans }) => {
      const usage = usageOf(network(cidr), spans, managed);
      const { gateway, dynamicRange } = suggest(usage);
      const free = usage.stretches.filter(isFree);
      if (gateway !== null) assert.ok(free.some(({ first, last }) => first <= gateway && gateway <= last));
      if (dynamicRange === null) return;
      assert.ok(free.some(({ first, last }) => first <= dynamicRange.first && dynamicRange.last <= last));
      assert.ok(gateway === null || gateway < dynamicRange.first || gateway > dynamicRange.last);
    }),
    { numRuns: 300 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePerfReport } from "./perfdhcp.ts";
import { ratiosTo } from "../result.ts";
import { highestRate } from "./search.ts";

test("the search ends near the highest rate that holds, and tries a failure twice", async () => {
  const tried: number[] = [];
  const rate = await highestRate(
    async (rate) => {
      tried.push(rate);
      return { held: rate <= 3300, reached: rate };
    },
    { first: 500, most: 100_000, precision: 0.1 },
  );
  assert.equal(rate, 3250);
  assert.deepEqual(tried, [500, 1000, 2000, 4000, 4000, 3000, 3500, 3500, 3250]);
});

test("a contender that never holds ends with nothing", async () => {
  const never = async (): Promise<{ held: boolean; reached: number }> => ({ held: false, reached: 0 });
  assert.equal(await highestRate(never, { first: 500, most: 1000, precision: 0.1 }), 0);
});

test("a report of perfdhcp is read, another text is refused", () => {
  const part = (sent: number, received: number, delay: string): string =>
    `sent packets: ${sent}\nreceived packets: ${received}\ndrops: 1\n\nmin delay: 0.1 ms\navg delay: ${delay} ms\n`;
  const text = `***Rate statistics***\nRate: 9 4-way exchanges/second\n***Statistics for: DISCOVER-OFFER***\n${part(100, 99, "1.5")}***Statistics for: REQUEST-ACK***\n${part(99, 98, "2.25")}`;
  assert.deepEqual(parsePerfReport(text), {
    discovers: 100,
    offers: 99,
    requests: 99,
    acks: 98,
    averageMilliseconds: 3.75,
  });
  assert.throws(() => parsePerfReport("Interface eth0 not found"), /no statistics for DISCOVER-OFFER in: Interface/);
});

test("ratios leave out what was not measured", () => {
  assert.deepEqual(ratiosTo(300, { a: 100, b: 0 }, ["a", "b", "c"]), { a: 3 });
  assert.deepEqual(ratiosTo(0, { a: 100 }, ["a"]), {});
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { isConsistent } from "./ssh-keys.ts";
import { countedAddress } from "./counted-address.ts";
import { RateLimiter } from "./limiter.ts";
import { hashPassword, verifyPassword } from "./password.ts";

test("a key's body must say the kind its line begins with", () => {
  const blob = (kind: string, rest = 36) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(kind.length);
    return Buffer.concat([length, Buffer.from(kind), Buffer.alloc(rest)]).toString("base64");
  };
  assert.equal(isConsistent(`ssh-ed25519 ${blob("ssh-ed25519")} me`), true);
  assert.equal(isConsistent(`ssh-ed25519 ${blob("ssh-rsa")} me`), false);
  assert.equal(isConsistent(`ssh-ed25519 ${blob("ssh-ed25519", 0)}`), false);
  assert.equal(isConsistent("ssh-ed25519 AAAA"), false);
});

test("passwords: the right one fits its hash, nothing fits what is no hash", async () => {
  const hash = await hashPassword("sesame");
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(await verifyPassword("sesame", hash), true);
  assert.equal(await verifyPassword("Sesame", hash), false);
  assert.equal(await verifyPassword("!", "!"), false);
});

test("the limiter lets a burst through, then as many as fill up again, each key for itself; its memory is bounded", () => {
  const limiter = new RateLimiter({ burst: 3, perSecond: 0.5 });
  const at = (seconds: number) => new Date(seconds * 1000);
  assert.deepEqual(
    [0, 0, 0, 0].map((second) => limiter.take("a", at(second))),
    [0, 0, 0, 2],
  );
  assert.equal(limiter.take("b", at(0)), 0);
  assert.deepEqual([limiter.take("a", at(1)), limiter.take("a", at(2)), limiter.take("a", at(2))], [1, 0, 2]);
  for (let index = 0; index < 10_000; index++) limiter.take(`other ${index}`, at(2));
  assert.equal(limiter.take("a", at(2)), 0);
});

test("an IPv6 address is limited with its network of 64 bits, an IPv4 one by itself, however they are written", () => {
  for (const [address, counted] of [
    ["2001:DB8:0:1:2:3:4:5", "2001:db8:0:1::/64"],
    ["2001:db8::1:ffff:0:0:1", "2001:db8:0:1::/64"],
    ["2001:db8:0:1::", "2001:db8:0:1::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["", ""],
  ] as const)
    assert.equal(countedAddress(address), counted, address);
  const limiter = new RateLimiter({ burst: 1, perSecond: 1 });
  const now = new Date();
  assert.equal(limiter.take("2001:db8::1", now), 0);
  assert.equal(limiter.take("2001:db8::2", now), 1);
  assert.equal(limiter.take("2001:db8:0:1::1", now), 0);
});

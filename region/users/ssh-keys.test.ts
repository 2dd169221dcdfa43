import assert from "node:assert/strict";
import { test } from "node:test";
import { isConsistent } from "./ssh-keys.ts";
import { LoginLimiter } from "./limiter.ts";
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

test("the limiter forgets after its window, and its memory is bounded", () => {
  const limiter = new LoginLimiter();
  const now = new Date(0);
  for (let attempt = 0; attempt < 10; attempt++) limiter.failed("a", now);
  assert.equal(limiter.wait("a", now), 300);
  assert.equal(limiter.wait("a", new Date(300_000)), 0);
  for (let index = 0; index < 10_000; index++) limiter.failed(`other ${index}`, now);
  assert.equal(limiter.wait("a", now), 0);
});

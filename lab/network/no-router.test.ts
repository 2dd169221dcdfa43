import assert from "node:assert/strict";
import { it } from "node:test";
import { createAnnouncer } from "./announcer.ts";
import { noRouterPacket } from "./no-router.ts";

it("the announcement is a router advertisement that offers nothing", () => {
  const packet = noRouterPacket("52:54:00:12:34:56");
  const from = "fe80000000000000505400fffe123456";
  const all = "ff020000000000000000000000000001";
  assert.equal(
    Buffer.from(packet).toString("hex"),
    `6000000000103aff${from}${all}8600${checksumOf(packet)}000000000000000000000000`,
  );
  for (const mac of ["", "52:54:00:12:34", "52:54:00:12:34:zz", "5254.0012.3456"])
    assert.throws(() => noRouterPacket(mac), RangeError);
});

/** The checksum by the book (RFC 4443 2.3), from a pseudo header written out. */
function checksumOf(packet: Uint8Array): string {
  const body = Uint8Array.from(packet.subarray(40));
  body.fill(0, 2, 4);
  const bytes = [...packet.subarray(8, 40), 0, 0, 0, body.length, 0, 0, 0, 58, ...body];
  let sum = 0;
  bytes.forEach((byte, index) => {
    sum += index % 2 === 0 ? byte * 256 : byte;
  });
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return (0xffff - sum).toString(16).padStart(4, "0");
}

it("announcements begin with a start, end after a minute, and begin anew", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let sent = 0;
  const announcer = createAnnouncer(() => {
    sent += 1;
  });
  t.mock.timers.tick(10_000);
  assert.equal(sent, 0);
  announcer.start();
  t.mock.timers.tick(1000);
  assert.equal(sent, 2);
  announcer.start();
  t.mock.timers.tick(600_000);
  assert.equal(sent, 2 + 120);
  announcer.start();
  announcer.stop();
  t.mock.timers.tick(10_000);
  assert.equal(sent, 122);
});

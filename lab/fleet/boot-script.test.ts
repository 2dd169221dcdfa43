import assert from "node:assert/strict";
import test from "node:test";
import { readGrubScript, readIpxeScript, wordOf } from "./boot-script.ts";

const words = "nomodeset root=squash:http://10.0.0.1:5248/images/cc/squashfs ip=::::n1:BOOTIF:dhcp";
const rack = "http://10.0.0.1:5248";

test("an iPXE script that boots a kernel", () => {
  const order = readIpxeScript(
    [
      "#!ipxe",
      "echo Rackwright: n1: boot",
      `kernel ${rack}/images/aa/boot-kernel initrd=boot-initrd ${words} BOOTIF=01-02 || goto again`,
      `initrd --name boot-initrd ${rack}/images/bb/boot-initrd || goto again`,
      "boot ||",
      ":again",
    ].join("\n"),
  );
  assert.ok(order.kind === "kernel");
  assert.deepEqual([order.kernel, order.initrd], [`${rack}/images/aa/boot-kernel`, `${rack}/images/bb/boot-initrd`]);
  assert.equal(wordOf(order.words, "root=squash:"), `${rack}/images/cc/squashfs`);
  assert.equal(order.words.at(-1), "BOOTIF=01-02");
});

test("a GRUB configuration that boots a kernel, over HTTP first", () => {
  const order = readGrubScript(
    [
      "set timeout=0",
      `if linux (http,10.0.0.1:5248)/images/aa/boot-kernel ${words} 'cloud-config-url=${rack}/x?op=a' BOOTIF=01-02; then`,
      "  if initrd (http,10.0.0.1:5248)/images/bb/boot-initrd; then boot; fi",
      "fi",
      "if linux (tftp,10.0.0.1)/images/aa/boot-kernel x; then",
    ].join("\n"),
  );
  assert.ok(order.kind === "kernel");
  assert.deepEqual([order.kernel, order.initrd], [`${rack}/images/aa/boot-kernel`, `${rack}/images/bb/boot-initrd`]);
  assert.equal(wordOf(order.words, "cloud-config-url="), `${rack}/x?op=a`);
});

test("scripts that send to the disk, switch off, or have the machine wait", () => {
  assert.equal(readIpxeScript("#!ipxe\nsanboot --no-describe --drive 0x80 || exit 1\n").kind, "disk");
  assert.equal(readIpxeScript("#!ipxe\npoweroff || exit 1\n").kind, "poweroff");
  assert.equal(readIpxeScript("#!ipxe\n:again\nsleep 30\n").kind, "wait");
  assert.equal(readGrubScript('if chainloader "$file"; then boot; fi\n').kind, "disk");
  assert.equal(readGrubScript("set timeout=0\nhalt\n").kind, "poweroff");
  assert.equal(readGrubScript("sleep 60\nreboot\n").kind, "wait");
});

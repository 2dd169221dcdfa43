import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { openIncident } from "./incident.ts";

const plain = "02:00:5e:00:01:01";

await test("strangers on the wire", { timeout: 60_000 }, async (t) => {
  await using incident = await openIncident({ name: "strange", port: 15260 });
  const { site } = incident;

  await t.test("the first packet after the rack's first cable is plugged in is answered", async () => {
    const snapshot = join(site.state, "rack", "dhcp", "dhcp.json");
    await site.until("the rack knows of the subnet", 10, async () =>
      (await readFile(snapshot, "utf8")).includes('"dhcp":true') ? true : undefined,
    );
    const station = await incident.plug("first", "02:00:5e:00:01:05");
    // One packet, so a long wait hides nothing.
    assert.ok(await station.lease("-t", "1", "-T", "10"));
  });

  await t.test("a network card that is no server's gets an address, no boot file, and becomes no machine", async () => {
    const station = await incident.plug("plain", plain);
    const lease = await station.lease();
    assert.match(lease?.["ip"] ?? "", /^10\.77\.0\.1\d\d$/);
    assert.equal(lease?.["boot_file"], "");
    assert.equal(lease?.["bootfile"], "");
    const told = await incident.event("dhcp.ack", "the lease is in the stream", ({ mac }) => mac === plain);
    assert.equal(told.data["client"], "other");
    assert.equal(told.data["boot_file"], undefined);
    assert.deepEqual(await site.machines(), []);
    assert.deepEqual(
      (await incident.allEvents()).filter(({ mac, level }) => mac === plain && level !== "info"),
      [],
    );
  });

  const strangers = [
    {
      arch: "000b",
      mac: "02:00:5e:00:01:02",
      name: "an arm64 machine",
      code: "ephemeral-image-missing",
      says: /arm64/,
    },
    {
      arch: "0006",
      mac: "02:00:5e:00:01:03",
      name: "a machine with 32-bit UEFI",
      code: "architecture-unsupported",
      says: /architecture code 6 \(32-bit x86 UEFI\)/,
    },
  ];
  for (const [index, { arch, mac, name, code, says }] of strangers.entries()) {
    await t.test(`${name} that boots from the network is told nothing, and the operator why`, async () => {
      const station = await incident.plug(`arch${index}`, mac);
      const vendor = `PXEClient:Arch:000${arch.slice(2)}:UNDI:003000`;
      const lease = await station.lease("-V", vendor, "-x", `0x5d:${arch}`);
      assert.match(lease?.["ip"] ?? "", /^10\.77\.0\.1\d\d$/);
      assert.equal(lease?.["boot_file"], "");
      const told = await incident.event("boot.decided", "the refusal is in the stream", (event) => event.mac === mac);
      assert.equal(told.level, "error");
      assert.equal(told.failure?.code, code);
      assert.match(told.failure?.message ?? "", says);
      assert.notEqual(told.failure?.next, "");
    });
  }

  await t.test("the next machine with firmware that is served gets its boot loader", async () => {
    const station = await incident.plug("pc", "02:00:5e:00:01:04");
    const lease = await station.lease("-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007");
    assert.equal(lease?.["boot_file"], "bootx64.efi");
    assert.equal(lease?.["siaddr"], site.lab.rackAddress);
    assert.equal((await station.get(`tftp://${site.lab.rackAddress}/bootx64.efi`)).body, "shim");
    await incident.sameProcesses();
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import {
  addressesExhausted,
  addressInUse,
  agentNotStarted,
  bootLoaderMissing,
  explanation,
  kernelCut,
  machineDetail,
  noDhcpRequest,
  noSubnet,
  pageOf,
  scriptNotAsked,
  subnet,
} from "@rackwright/contract";
import type { Cause, Explanation } from "@rackwright/contract";
import { z } from "zod";
import { writeImage } from "./images.ts";
import { openIncident } from "./incident.ts";
import type { Station } from "./station.ts";

const bios = ["-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000"];
/** Seconds a commissioning may last here. */
const patience = 25;
const kernelSize = 8 * 1024 * 1024;

await test("machines that do not get through their boot", { timeout: 120_000 }, async (t) => {
  await using incident = await openIncident({
    name: "boot",
    port: 15271,
    images: async (store) => {
      await writeImage(store, "bootloaders", "bootloader", { "bootx64.efi": "shim" });
      const kernel = Buffer.alloc(kernelSize, randomBytes(4096));
      await writeImage(store, "ephemeral-debian-12", "ephemeral", {
        "boot-kernel": kernel,
        "boot-initrd": "initrd",
        squashfs: "root",
      });
    },
  });
  const { site, http } = incident;
  const { client } = site.controllers;
  const [served] = (await client.get("/api/v1/subnets", pageOf(subnet))).items.filter(({ dhcp }) => dhcp);
  assert.ok(served);
  const range = (first: string, last: string) => [{ first: `10.77.0.${first}`, last: `10.77.0.${last}` }];
  const change = (body: object) => client.send("PATCH", `/api/v1/subnets/${served.id}`, body, z.unknown());
  /** Asks for an address until the rack has taken over the change, and what came of it is as wished. */
  const until = (what: string, ask: () => Promise<boolean>) =>
    site.until(what, 20, async () => ((await ask()) ? true : undefined));
  const told = async (cause: Cause, station: Station) => {
    const seen = await incident.allEvents();
    return seen.find(({ failure, mac }) => failure?.code === cause.code && (mac === station.mac || mac === null));
  };

  await t.test("DHCP is off for the subnet", async () => {
    await change({ dhcp: false });
    const station = await incident.plug("off", "02:00:5e:00:0b:01");
    await until("it is told", async () => {
      assert.equal(await station.lease("-t", "1"), undefined);
      return (await told(noSubnet, station)) !== undefined;
    });
  });

  await t.test("no address is left: the second machine gets none, and both rack and region say so", async () => {
    await change({ dhcp: true, dynamic_ranges: range("150", "150") });
    const [first, second] = [
      await incident.plug("one", "02:00:5e:00:0b:02"),
      await incident.plug("two", "02:00:5e:00:0b:03"),
    ];
    await until("the first has the only address", async () => (await first.lease("-t", "1"))?.["ip"] === "10.77.0.150");
    assert.equal(await second.lease("-t", "2"), undefined);
    const refused = await incident.event("dhcp.refused", "the rack says so", ({ mac }) => mac === second.mac);
    assert.equal(refused.failure?.code, addressesExhausted.code);
    const exhausted = await incident.event("network.problem", "the region says so", () => true);
    assert.equal(exhausted.failure?.code, addressesExhausted.code);
    assert.match(exhausted.message, /^Subnet 10\.77\.0\.0\/24 has no free address left/);
  });

  await t.test("the only free address is taken by a stranger: it is declined and told", async () => {
    await incident.plug("squatter", "02:00:5e:00:0b:04", "10.77.0.160");
    await change({ dynamic_ranges: range("160", "160") });
    const station = await incident.plug("polite", "02:00:5e:00:0b:05");
    // It looks whether anybody has the address (RFC 5227) before it takes it.
    const client = station.start("sh", "-c", "exec busybox udhcpc -i eth0 -f -a -s /bin/true 2>/dev/null");
    await until("it is told", async () => (await told(addressInUse, station)) !== undefined);
    client.kill("SIGKILL");
    await change({ dynamic_ranges: range("100", "199") });
  });

  await t.test("the boot loader of a firmware is in no image; once it is, the machine gets it", async () => {
    const station = await incident.plug("bios", "02:00:5e:00:0b:06");
    await until("it has an address", async () => (await station.lease(...bios)) !== undefined);
    const event = await incident.event("boot.decided", "it is told", ({ mac }) => mac === station.mac);
    assert.equal(event.failure?.code, bootLoaderMissing.code);
    assert.match(
      event.failure.message,
      /^The boot loader undionly\.kpxe, which the firmware of 02:00:5e:00:0b:06 needs/,
    );
    await writeImage(incident.store, "bootloaders", "bootloader", { "bootx64.efi": "shim", "undionly.kpxe": "ipxe" });
    await client.send("POST", "/api/v1/images/sync", {}, z.unknown());
    await until("it gets it", async () => (await station.lease(...bios))?.["boot_file"] === "undionly.kpxe");
  });

  await t.test(
    "machines under commissioning that stop midway fail at their deadline, each with its own cause",
    async () => {
      const deadlines = { commissioning: { silence: patience, total: patience } };
      await client.send("PATCH", "/api/v1/settings", { deadlines }, z.unknown());
      const plugged = async (name: string, mac: string) => ({ mac, station: await incident.plug(name, mac) });
      const deaf = await plugged("deaf", "02:00:5e:00:0b:08");
      const cut = await plugged("cut", "02:00:5e:00:0b:09");
      const mute = await plugged("mute", "02:00:5e:00:0b:0a");
      const commission = async (mac: string): Promise<string> => {
        const { id } = await client.send("POST", "/api/v1/machines", { macs: [mac] }, machineDetail);
        await client.send("POST", `/api/v1/machines/${id}/commission`, {}, machineDetail);
        return id;
      };
      const ids = {
        // Its first boot device is its disk: it never asks anybody.
        absent: await commission("02:00:5e:00:0b:07"),
        deaf: await commission(deaf.mac),
        cut: await commission(cut.mac),
        // Its system comes up and finds no datasource: nobody starts the agent.
        mute: await commission(mute.mac),
      };
      const loader = `tftp://${site.lab.rackAddress}/undionly.kpxe`;
      const script = (mac: string) => `${http}/ipxe.cfg-${mac.replaceAll(":", "-")}`;

      const waiting = await client.get(`/api/v1/machines/${ids.deaf}/explanation`, explanation);
      assert.equal(waiting.verdict, "waiting");
      assert.match(waiting.waits?.afterwards ?? "", /^it becomes 'failed commissioning'/);

      // Something between it and the rack lets UDP through and TCP not: a firewall, a wrong route.
      const rule = ["add", "rule", "inet", "wall", "out", "tcp", "dport", "5248", "drop"];
      await deaf.station.run("nft", "add", "table", "inet", "wall");
      await deaf.station.run("nft", "add", "chain", "inet", "wall", "out", "{ type filter hook output priority 0; }");
      assert.equal((await deaf.station.run("nft", ...rule)).code, 0);
      const bootTo = async ({ station }: typeof deaf): Promise<void> => {
        assert.equal((await station.lease(...bios))?.["boot_file"], "undionly.kpxe");
        assert.equal((await station.get(loader)).body, "ipxe");
      };
      const filesFor = async ({ station, mac }: typeof deaf): Promise<RegExpMatchArray> => {
        const { body } = await station.get(script(mac));
        const files = body.match(/http:\/\/\S*\/images\/\S+/g);
        assert.equal(files?.length, 3, body);
        return files;
      };
      // With more room the whole kernel could be on its way already when the machine goes.
      const small = await cut.station.run("sysctl", "-w", "net.ipv4.tcp_rmem=4096 65536 65536");
      assert.equal(small.code, 0, small.error);
      await Promise.all([bootTo(deaf), bootTo(cut), bootTo(mute)]);
      const [unheard] = await Promise.all([
        deaf.station.get(script(deaf.mac), "--connect-timeout", "1"),
        filesFor(cut).then((files) =>
          cut.station.get(
            files.find((file) => file.endsWith("boot-kernel")) ?? "",
            "-o",
            "/dev/null",
            "--limit-rate",
            "500k",
            "--max-time",
            "2",
          ),
        ),
        filesFor(mute).then((files) => Promise.all(files.map((file) => mute.station.get(file, "-o", "/dev/null")))),
      ]);
      assert.equal(unheard.status, 0);

      const failed = (id: string): Promise<Explanation> =>
        site.until("the machine has failed", patience + 20, async () => {
          const told = await client.get(`/api/v1/machines/${id}/explanation`, explanation);
          return told.verdict === "failed" ? told : undefined;
        });
      const expected: [Explanation, Cause, RegExp][] = [
        [await failed(ids.absent), noDhcpRequest, /^no event of this machine since then$/],
        [await failed(ids.deaf), scriptNotAsked, /tftp\.done: .*undionly\.kpxe/],
        [await failed(ids.cut), kernelCut, /http\.failed: .*boot-kernel: broke off after \d+ of 8388608 bytes/],
        [await failed(ids.mute), agentNotStarted, /http\.done: .*squashfs/],
      ];
      for (const [told, cause, proof] of expected) {
        assert.equal(told.failure?.code, cause.code, [told.sentence, ...(told.failure?.evidence ?? [])].join("\n"));
        assert.equal(told.cause?.meaning, cause.meaning);
        assert.ok(
          told.failure.evidence.some((line) => proof.test(line)),
          told.failure.evidence.join("\n"),
        );
        assert.equal(told.next, told.failure.next);
      }
      assert.ok(expected[2]?.[0].seen.some(({ source }) => source === "http.failed"));

      const main = join(import.meta.dirname, "..", "..", "cli", "main.ts");
      const quiet = "--disable-warning=ExperimentalWarning";
      const asked = [quiet, main, "explain", cut.mac, "--state", site.state];
      const { stdout } = await promisify(execFile)(process.execPath, asked);
      assert.match(stdout, /^code {6}kernel-cut: /m);
      assert.match(stdout, /^evidence  .*broke off after/m);
      assert.match(stdout, /^next {6}\S/m);
      assert.match(stdout, /^last seen:\n(?: {2}.*\n)*? {2}\S+ \S+ http\.failed /m);
      await incident.sameProcesses();
    },
  );
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { endChild, ip, makeWire, startServer, wireConfig, type ServerUnderTest, type Wire } from "./testing/wire.ts";

/** Foreign clients, relays and servers on a virtual wire. Needs root and Debian's isc-dhcp-client, busybox, dnsmasq-base,
 * kea-admin (perfdhcp), nftables and iproute2. */
const needed = ["/usr/sbin/dhclient", "/usr/bin/busybox", "/usr/sbin/dnsmasq", "/usr/sbin/perfdhcp", "/usr/sbin/nft"];
const missing = needed.filter((path) => !existsSync(path));
const skip = process.getuid?.() !== 0 ? "needs root" : missing.length > 0 ? `needs ${missing.join(", ")}` : false;

const subnets = wireConfig().subnets;
const behindRelay = {
  ...subnets[0],
  id: 2,
  cidr: "10.78.0.0/24",
  gateway: "10.78.0.1",
  ranges: [{ first: "10.78.0.100", last: "10.78.0.200" }],
} as (typeof subnets)[number];

describe("DHCP on a wire", { skip }, () => {
  let wire: Wire;
  let server: ServerUnderTest;
  let folder: string;
  let script: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rw-dhcp-"));
    script = join(folder, "show");
    writeFileSync(
      script,
      '#!/bin/sh\n[ "$1" = bound ] && echo "$ip $subnet $router $dns $domain $serverid $lease"\nexit 0\n',
    );
    chmodSync(script, 0o755);
    wire = makeWire(`rw-dhcp-${process.pid}`, ["10.77.0.1/16"]);
    const config = wireConfig({
      subnets: [...subnets, behindRelay],
      hosts: [{ mac: "52:54:00:aa:00:01", address: "10.77.0.50", subnet_id: 1, hostname: "node-1" }],
    });
    server = await startServer(wire, { config, folder: join(folder, "state") });
  });
  after(async () => {
    await wire.remove();
    rmSync(folder, { recursive: true });
  });

  const udhcpc = async (station: string, ...more: string[]): Promise<string> =>
    (await wire.run(station, "busybox", "udhcpc", "-i", "eth0", "-q", "-f", "-s", script, ...more)).trim();
  /** Runs dhclient in the foreground until it says what it is bound to. */
  const dhclient = async (station: string): Promise<string> => {
    const files = ["-lf", join(folder, "dhclient.leases"), "-pf", join(folder, "dhclient.pid"), "-sf", "/bin/true"];
    const args = ["netns", "exec", station, "dhclient", "-d", "-v", ...files, "eth0"];
    const child = spawn("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
    try {
      for await (const line of createInterface({ input: child.stderr })) if (line.startsWith("bound to")) return line;
      return "ended without an address";
    } finally {
      await endChild(child);
    }
  };

  test("udhcpc and dhclient get one address for one card, and what the subnet has", async () => {
    const station = wire.station("a");
    const bound = await udhcpc(station);
    assert.match(bound, /^10\.77\.100\.\d+ 255\.255\.0\.0 10\.77\.0\.1 10\.77\.0\.1 rack\.test 10\.77\.0\.1 600$/);
    const address = bound.split(" ")[0];
    assert.match(await dhclient(station), new RegExp(`bound to ${address}`));
    assert.equal((await udhcpc(station, "-x", "0x3d:00aabbcc")).split(" ")[0], address);
    assert.equal((await udhcpc(station, "-B")).split(" ")[0], address, "with the broadcast flag");
  });

  test("a host entry is given to its card, and its name", async () => {
    const station = wire.station("b");
    ip("-n", station, "link", "set", "eth0", "address", "52:54:00:aa:00:01");
    assert.match(await udhcpc(station), /^10\.77\.0\.50 /);
  });

  test("two hundred clients of perfdhcp get two hundred addresses", async () => {
    const station = wire.station("c");
    ip("-n", station, "address", "add", "10.77.0.3/16", "dev", "eth0");
    const report = await wire.run(
      station,
      "perfdhcp",
      "-4",
      "-l",
      "eth0",
      "-u",
      "-r100",
      "-R200",
      "-n200",
      "-W1000000",
      "10.77.0.1",
    );
    // Its threads may start a few exchanges more than asked for, which begin with the first cards again.
    const exchanges =
      /sent packets: (\d+)\s+received packets: (\d+)\s+drops: (\d+)[\s\S]*?non unique addresses: (\d+)/g;
    const counted = [...report.matchAll(exchanges)].map((found) => found.slice(1).map(Number));
    assert.equal(counted.length, 2, report);
    for (const [sent = 0, received, drops, again = 0] of counted)
      assert.deepEqual([received, drops, sent - again], [sent, 0, 200], report);
  });

  test("with a fifth of the packets lost in each direction all clients get addresses, no two the same", async () => {
    const stations = Array.from({ length: 16 }, (_, n) => wire.station(`d${n}`));
    const links = await wire.run(wire.rack, "ip", "-o", "link", "show", "type", "veth");
    const ports = [...links.matchAll(/^\d+: (p\d+)/gm)].map(([, port]) => port).slice(-stations.length);
    for (const hook of ["ingress", "egress"]) {
      const chain = `{ type filter hook ${hook} devices = { ${ports.join(", ")} } priority 0; }`;
      await wire.run(wire.rack, "nft", "add", "table", "netdev", `loss-${hook}`);
      await wire.run(wire.rack, "nft", "add", "chain", "netdev", `loss-${hook}`, "lose", chain);
      const rule = ["numgen", "random", "mod", "100", "<", "20", "counter", "drop"];
      await wire.run(wire.rack, "nft", "add", "rule", "netdev", `loss-${hook}`, "lose", ...rule);
    }
    // With -n udhcpc would give up after three lost REQUESTs; so it begins again a second later, until it is bound.
    const patient = ["-t", "40", "-T", "1", "-A", "1"];
    const bound = await Promise.all(stations.map((station) => udhcpc(station, ...patient)));
    const addresses = bound.map((line) => line.split(" ")[0] ?? "");
    for (const address of addresses) assert.match(address, /^10\.77\.1\d\d\.\d+$/);
    assert.equal(new Set(addresses).size, stations.length);
    const given = new Map<string, string>();
    for (const { type, mac, address } of server.events) {
      if (type !== "dhcp.ack" || typeof mac !== "string" || typeof address !== "string") continue;
      assert.equal(given.get(address) ?? mac, mac, `${address} was given to two cards`);
      given.set(address, mac);
    }
    const lost = [...(await wire.run(wire.rack, "nft", "list", "ruleset")).matchAll(/counter packets (\d+)/g)];
    assert.equal(lost.length, 2);
    for (const [, count] of lost) assert.ok(Number(count) > 0, "packets were really lost");
  });

  test("clients behind a relay get addresses of their own subnet", async () => {
    const relay = wire.station("r");
    const far = `${relay}-far`;
    ip("netns", "add", far);
    try {
      ip("-n", relay, "address", "add", "10.77.0.5/16", "brd", "+", "dev", "eth0");
      ip("-n", relay, "link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", far);
      ip("-n", relay, "address", "add", "10.78.0.1/24", "brd", "+", "dev", "lan");
      ip("-n", relay, "link", "set", "lan", "up");
      ip("-n", far, "link", "set", "eth0", "up");
      await wire.run(relay, "sysctl", "-qw", "net.ipv4.ip_forward=1");
      ip("-n", wire.rack, "route", "add", "10.78.0.0/24", "via", "10.77.0.5");
      const quiet = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file="];
      const child = wire.start(relay, "dnsmasq", ...quiet, "--dhcp-relay=10.78.0.1,10.77.0.1");
      assert.match(await udhcpc(far, "-t", "10", "-T", "1"), /^10\.78\.0\.1\d\d 255\.255\.255\.0 10\.78\.0\.1 /);
      const ack = await server.event(({ type, data }) => type === "dhcp.ack" && data?.["relay"] === "10.78.0.1");
      assert.equal(ack.data?.["subnet_id"], 2);
      await endChild(child);
    } finally {
      ip("netns", "delete", far);
    }
  });

  test("a second DHCP server is found by the search and by a client's choice", async () => {
    const foreign = wire.station("f");
    ip("-n", foreign, "address", "add", "10.77.0.66/16", "brd", "+", "dev", "eth0");
    const mac = /link\/ether (\S+)/.exec(await wire.run(foreign, "ip", "link", "show", "eth0"))?.[1];
    const quiet = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file="];
    const lease = `--dhcp-leasefile=${join(folder, "foreign.leases")}`;
    wire.start(
      foreign,
      "dnsmasq",
      ...quiet,
      lease,
      "--dhcp-range=10.77.250.1,10.77.250.99,255.255.0.0,2m",
      "--no-ping",
    );
    // A second run of ours searches at its start; the first one, which does not search, sees the client's choice.
    await endChild(server.child);
    server = await startServer(wire, { config: wireConfig(), probeMilliseconds: 600_000 });
    const found = await server.event(({ type }) => type === "network.problem");
    assert.equal(found.failure?.code, "foreign-dhcp-server");
    assert.deepEqual([found.data?.["address"], found.data?.["mac"]], ["10.77.0.66", mac]);
    await endChild(server.child);
    server = await startServer(wire, { config: { ...wireConfig(), subnets: [] } });
    const station = wire.station("g");
    assert.match(await udhcpc(station, "-t", "10", "-T", "1"), /^10\.77\.250\./);
    const seen = await server.event(({ type }) => type === "network.problem");
    assert.match(seen.failure?.evidence?.[0] ?? "", /^REQUEST of \S+ names the server 10\.77\.0\.66/);
  });
});

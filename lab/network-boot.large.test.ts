import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { createLab, type Lab } from "./index.ts";
import { eventually, ipmitool } from "./testing/observer.ts";

const held: { lab?: Lab; directory?: string } = {};
after(async () => {
  await held.lab?.down();
  if (held.directory !== undefined) await rm(held.directory, { recursive: true, force: true });
});

/** Starts a program of the lab and keeps what it says. */
function listenTo(lab: Lab, argv: readonly string[]) {
  const program = lab.spawn(argv, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [program.stdout, program.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  return () => text;
}

/** Seconds of the first line that matches, after a time. */
function secondsOf(lines: readonly string[], pattern: RegExp, after: number): number | undefined {
  const times = lines.filter((line) => pattern.test(line)).map((line) => Number(line.split(" ")[0]));
  return times.find((time) => time > after);
}

it("a BIOS machine goes from its address to its script without waiting for an IPv6 router, at a reset too", async () => {
  held.directory = await mkdtemp(join(tmpdir(), "rw-"));
  const stateDirectory = join(held.directory, "lab");
  const lab = await createLab({ name: `t${process.pid}n`, stateDirectory, machines: 1, memoryMiB: 256 });
  held.lab = lab;
  const [machine] = lab.machines;
  assert(machine !== undefined);
  const dnsmasq = `dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --leasefile-ro --no-resolv
    --no-hosts --port=0 --log-dhcp --log-facility=- --interface=${lab.rackInterface}
    --dhcp-range=10.77.0.100,10.77.0.150,2m --dhcp-boot=http://${lab.rackAddress}:5248/ipxe.cfg`;
  const server = listenTo(lab, dnsmasq.split(/\s+/));
  // The port of the machine: announcements go there and nowhere else.
  const port = listenTo(lab, ["tcpdump", "-i", "tap1", "-n", "-l", "-tt", "-v", "ip6 or udp port 67 or tcp port 5248"]);
  const bridge = listenTo(lab, ["tcpdump", "-i", lab.rackInterface, "-n", "-l", "-tt", "-p", "icmp6"]);
  await eventually("dnsmasq listens", 10, () => server().includes("DHCP, IP range"), server);
  for (const listener of [port, bridge])
    await eventually("tcpdump listens", 10, () => listener().includes("listening on"), listener);
  // With -v, tcpdump spreads a packet over lines that begin with white space.
  const seen = (): string[] => port().replaceAll(/\n\s+/g, " ").split("\n");

  let since = 0;
  for (const action of ["on", "reset"]) {
    await ipmitool(lab, machine.name, "chassis", "power", action);
    const times = () => {
      const acknowledged = secondsOf(seen(), /DHCP-Message \(53\), length 1: ACK/, since);
      const asked = secondsOf(seen(), /> 10\.77\.0\.1\.5248: Flags \[S\]/, acknowledged ?? Infinity);
      return { acknowledged, asked };
    };
    await eventually(`it asks for its script after ${action}`, 120, () => times().asked !== undefined, port);
    const { acknowledged = 0, asked = 0 } = times();
    // Unanswered, iPXE waits some 14 s of its own clock, which no busy host makes shorter.
    assert.ok(asked - acknowledged < 13, `${action}: ${asked - acknowledged} s from the ACK to the request`);
    since = asked;
  }
  const advertisements = seen().filter((line) => /router advertisement/.test(line));
  assert.ok(advertisements.length >= 2, port());
  for (const line of advertisements) {
    assert.match(line, /\[icmp6 sum ok\]/);
    assert.match(line, /Flags \[none\].*router lifetime 0s/);
    assert.doesNotMatch(line, /option/);
  }
  assert.doesNotMatch(bridge(), /router advertisement/, "the rack and other machines hear nothing of it");
  await lab.down();
});

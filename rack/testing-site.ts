import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Rack, Subnet } from "@rackwright/contract";
import { endChild, ip, makeWire, type Wire } from "./dhcp/testing/wire.ts";
import { call, eventually, regionCommand } from "./testing.ts";

const needed = ["/usr/bin/busybox", "/usr/bin/curl", "/usr/sbin/ip"];
const missing = needed.filter((path) => !existsSync(path));
/** Why a site cannot be had here, or false. */
export const siteSkip =
  process.getuid?.() !== 0 ? "needs root" : missing.length > 0 ? `needs ${missing.join(", ")}` : false;

/** Where the rack serves. */
export const rackAddress = "10.77.0.1";
/** Where a region over TCP listens; the rack routes between the two networks. */
const regionAddress = "10.78.0.2";

/** Region and rack as programs of their own, the rack in a namespace with a wire to which stations are plugged. */
export class Site {
  readonly folder: string;
  readonly wire: Wire;
  readonly #over: "unix" | "tcp";
  readonly #flags: readonly string[];
  #regionNamespace: string | undefined;
  region: ChildProcess | undefined;
  rack: ChildProcess | undefined;

  private constructor(folder: string, wire: Wire, over: "unix" | "tcp", flags: readonly string[]) {
    this.folder = folder;
    this.wire = wire;
    this.#over = over;
    this.#flags = flags;
  }

  /**
   * Makes the folder, the secret and the wire; starts nothing.
   * @param flags of Node for both programs
   */
  static async make(name: string, over: "unix" | "tcp" = "unix", flags: readonly string[] = []): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), "rw-rack-"));
    // The account of the private database must be able to pass through.
    await chmod(folder, 0o711);
    await writeFile(join(folder, "secret"), randomBytes(32).toString("hex"), { mode: 0o600 });
    const show = '#!/bin/sh\n[ "$1" = bound ] && ip address replace "$ip/24" dev eth0 && echo "$ip"\nexit 0\n';
    await writeFile(join(folder, "show"), show, { mode: 0o755 });
    const wire = makeWire(`rw-${name}-${process.pid}`, [`${rackAddress}/24`]);
    const site = new Site(folder, wire, over, flags);
    if (over === "tcp") site.#joinRegion(`rw-${name}-${process.pid}-region`);
    return site;
  }

  /** A namespace for the region, joined to the rack's by a pair of devices. */
  #joinRegion(namespace: string): void {
    ip("netns", "add", namespace);
    this.#regionNamespace = namespace;
    ip("-n", namespace, "link", "add", "uplink", "type", "veth", "peer", "name", "uplink", "netns", this.wire.rack);
    for (const [where, address] of [
      [namespace, regionAddress],
      [this.wire.rack, "10.78.0.1"],
    ] as const) {
      ip("-n", where, "address", "add", `${address}/24`, "dev", "uplink");
      ip("-n", where, "link", "set", "uplink", "up");
      ip("-n", where, "link", "set", "lo", "up");
    }
    ip("-n", namespace, "route", "add", "default", "via", "10.78.0.1");
  }

  get regionUrl(): string {
    return this.#over === "tcp" ? `http://${regionAddress}:5240` : `unix:${join(this.folder, "region", "region.sock")}`;
  }

  startRegion(): ChildProcess {
    const namespace = this.#regionNamespace;
    const listen = namespace === undefined ? "127.0.0.1:0" : `${regionAddress}:5240`;
    const command = [process.execPath, ...this.#flags, ...regionCommand(this.folder, listen)];
    const argv = namespace === undefined ? command : ["ip", "netns", "exec", namespace, ...command];
    return (this.region = this.wire.spawn(argv));
  }

  startRack(): ChildProcess {
    const program = fileURLToPath(new URL("main.ts", import.meta.url));
    const self = [
      "--state",
      join(this.folder, "rack"),
      "--name",
      "rack1",
      "--secret-file",
      join(this.folder, "secret"),
    ];
    const link = ["--region", this.regionUrl, "--interface", "br0"];
    const argv = ["ip", "netns", "exec", this.wire.rack, process.execPath, ...this.#flags, program, ...self, ...link];
    return (this.rack = this.wire.spawn(argv));
  }

  /** A request to the region's API as its operator. */
  api<T>(method: string, path: string, body?: unknown): Promise<T> {
    return call(join(this.folder, "region", "admin.sock"), method, `/api/v1${path}`, body) as Promise<T>;
  }

  /** The rack as the region shows it, once it is linked. */
  connected(): Promise<Rack> {
    return eventually("the rack is connected", async () => {
      for (const child of [this.region, this.rack])
        if (child?.exitCode !== null) throw new Error("region or rack has ended");
      const { items } = await this.api<{ items: Rack[] }>("GET", "/racks");
      return items.find(({ connected }) => connected);
    });
  }

  /** Turns DHCP on for the wire's subnet, which the region must have learnt; addresses from .100 to .200. */
  async serveDhcp(): Promise<Subnet> {
    const { items } = await this.api<{ items: Subnet[] }>("GET", "/subnets");
    const subnet = items.find(({ cidr }) => cidr === "10.77.0.0/24");
    if (subnet === undefined) throw new Error("the rack's subnet is not known to the region");
    const ranges = [{ first: "10.77.0.100", last: "10.77.0.200" }];
    await this.api("PATCH", `/subnets/${subnet.id}`, { dhcp: true, dynamic_ranges: ranges });
    return subnet;
  }

  /** A station with this network card. */
  station(name: string, mac: string): string {
    const station = this.wire.station(name);
    ip("-n", station, "link", "set", "eth0", "address", mac);
    return station;
  }

  /** Gets an address by DHCP, gives it to the station and returns it. */
  async lease(station: string): Promise<string> {
    const udhcpc = ["udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", join(this.folder, "show")];
    return (await this.wire.run(station, "busybox", ...udhcpc)).trim();
  }

  curl(station: string, ...args: string[]): Promise<string> {
    return this.wire.run(station, "curl", "-sS", "--max-time", "60", ...args);
  }

  /** Status code of a GET. */
  status(station: string, ...args: string[]): Promise<string> {
    return this.curl(station, "-o", "/dev/null", "-w", "%{http_code}", ...args);
  }

  async remove(): Promise<void> {
    for (const child of [this.rack, this.region]) if (child !== undefined) await endChild(child);
    await this.wire.remove();
    if (this.#regionNamespace !== undefined) ip("netns", "delete", this.#regionNamespace);
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../lab.ts";
import { findMarked } from "../world/process-identity.ts";

/** A DHCP server on the rack's interface that writes down who asks, and names no boot file. */
export interface DhcpObserver {
  /** Everything dnsmasq said so far. */
  readonly heard: () => string;
  stop(): Promise<void>;
}

export function observeDhcp(lab: Lab): DhcpObserver {
  const server = lab.spawn(
    [
      "dnsmasq",
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--user=root",
      "--pid-file=",
      "--no-resolv",
      "--no-hosts",
      "--port=0",
      "--log-dhcp",
      "--log-facility=-",
      "--leasefile-ro",
      `--interface=${lab.rackInterface}`,
      "--dhcp-range=10.77.0.100,10.77.0.150,2m",
      "--dhcp-match=set:arch-bios,option:client-arch,0",
      "--dhcp-match=set:arch-uefi,option:client-arch,7",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let text = "";
  server.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    server.once("close", () => resolve());
  });
  return {
    heard: () => text,
    stop: () => {
      server.kill();
      return ended;
    },
  };
}

/** Waits for something to become true; fails, with the evidence, when it does not in time. */
export async function eventually(
  what: string,
  seconds: number,
  test: () => Promise<boolean> | boolean,
  evidence: () => Promise<string> | string = () => "",
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}\n${await evidence()}`);
    await sleep(50);
  }
}

/** What the serial console said, without the control sequences of a terminal. */
export async function consoleOf(file: string): Promise<string> {
  const text = await readFile(file, "latin1").catch(() => "");
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\x1b\[[0-9;?=]*[A-Za-z]/g, "");
}

/** ipmitool inside the lab, with quick retries: the BMC is on the same host. */
export async function ipmitool(lab: Lab, machineName: string, ...words: readonly string[]): Promise<string> {
  const { bmc } = lab.machine(machineName);
  const where = ["-I", "lanplus", "-C", "3", "-H", bmc.address, "-U", bmc.user, "-P", bmc.password];
  const { code, stdout, stderr } = await lab.run(["ipmitool", ...where, "-N", "1", "-R", "4", ...words]);
  if (code !== 0) throw new Error(`ipmitool ${words.join(" ")} ended with ${code}: ${stderr.trim()}`);
  return stdout.trim();
}

/** Whether a BMC lets its user in, found out without patience. */
export async function answers(lab: Lab, machineName: string): Promise<boolean> {
  const { address, user, password } = lab.machine(machineName).bmc;
  const where = ["-I", "lanplus", "-C", "3", "-H", address, "-U", user, "-P", password, "-N", "1", "-R", "1"];
  return (await lab.run(["ipmitool", ...where, "chassis", "power", "status"])).code === 0;
}

/** What is left of a lab: namespaces and processes that carry its id. */
export async function remains(lab: { readonly id: string; readonly namespace: string }): Promise<string[]> {
  const namespaces = (await readdir("/run/netns").catch(() => [])).filter(
    (name) => name === lab.namespace || name.startsWith(`${lab.namespace}.`),
  );
  const processes = await findMarked(lab.id);
  return [...namespaces, ...processes.map(({ pid }) => `process ${pid}`)];
}

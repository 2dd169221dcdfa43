import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { words } from "../words.ts";

const address = "192.0.2.1";
const port = 5248;

/** A running machine in its own network namespace, with DHCP beside it and a web server that has nothing. */
export interface Machine {
  /** Waits until the serial console shows `pattern`; fails with the last lines when it does not in time. */
  until(pattern: RegExp, milliseconds: number): Promise<string>;
  /** Cuts the power and removes the namespace. */
  stop(): Promise<void>;
}

/** The web server of a test machine, which answers 404 to everything. */
export const emptyServer = `http://${address}:${port}`;
/** The network card of a test machine. */
export const testMac = "52:54:00:12:34:56";

function collectLines(child: ChildProcess, into: string[]): void {
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split(/\r?\n/);
    rest = lines.pop() ?? "";
    into.push(...lines);
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await gone;
}

/**
 * Starts a QEMU machine (software emulation) with one network card in a namespace of its own.
 *
 * @param boots QEMU arguments besides the common ones: kernel and initrd, or disks and firmware
 */
export function startMachine(boots: readonly string[]): Machine {
  const space = `rw-img-${process.pid}`;
  const ip = (...words: string[]): void => void execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
  const inside = (...words: string[]): ChildProcess =>
    spawn("ip", ["netns", "exec", space, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const children: ChildProcess[] = [];
  const lines: string[] = [];
  ip("netns", "add", space);
  ip("-n", space, "link", "set", "lo", "up");
  ip("-n", space, "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0");
  ip("-n", space, "addr", "add", `${address}/24`, "dev", "br0");
  ip("-n", space, "tuntap", "add", "tap0", "mode", "tap");
  ip("-n", space, "link", "set", "tap0", "master", "br0", "up");
  ip("-n", space, "link", "set", "br0", "up");
  const nothing = `require("node:http").createServer((_, reply) => reply.writeHead(404).end()).listen(${port}, "${address}")`;
  children.push(inside(process.execPath, "-e", nothing));
  children.push(
    inside(
      "dnsmasq",
      ...words(`--keep-in-foreground --conf-file=/dev/null --port=0 --no-ping --interface=br0 --bind-interfaces
        --dhcp-range=192.0.2.50,192.0.2.99,10m --dhcp-option=3,192.0.2.1 --dhcp-authoritative --log-facility=/dev/null
        --pid-file= --user=root --leasefile-ro`),
    ),
  );
  const qemu = inside(
    "qemu-system-x86_64",
    ...words(`-machine q35 -accel tcg -cpu qemu64,-svm -smp 1 -m 1024
      -nodefaults -display none -vga none -no-reboot -serial stdio -device virtio-rng-pci
      -netdev tap,id=n0,ifname=tap0,script=no,downscript=no -device virtio-net-pci,netdev=n0,mac=${testMac}`),
    ...boots,
  );
  collectLines(qemu, lines);
  children.push(qemu);
  const abandon = (): void => {
    for (const child of children) child.kill("SIGKILL");
    ip("netns", "del", space);
  };
  process.once("exit", abandon);

  return {
    async until(pattern, milliseconds) {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (Date.now() > deadline || qemu.exitCode !== null) {
          throw new Error(`the console never showed ${String(pattern)}; last lines:\n${lines.slice(-25).join("\n")}`);
        }
        await pause(100);
      }
    },
    async stop() {
      for (const child of children.toReversed()) await ended(child);
      process.off("exit", abandon);
      ip("netns", "del", space);
    },
  };
}

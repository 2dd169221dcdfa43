import { isIP } from "node:net";
import { checkDeviceName } from "./device-socket.ts";
import type { Run } from "./run.ts";

/** One line of the kernel's neighbour table. */
export interface Neighbour {
  address: string;
  mac: string;
  device: string;
  /** `REACHABLE`, `STALE`, `DELAY`, `PROBE`, `NOARP`, `PERMANENT` … */
  states: string[];
}

/**
 * Puts a hardware address for an IP address into the neighbour table (`ip neighbour replace`), as reachable: the kernel
 * forgets or checks it again by itself. Throws RangeError on a malformed argument, rejects when `ip` fails.
 */
export async function replaceNeighbour(
  run: Run,
  { device, address, mac }: { device: string; address: string; mac: string },
): Promise<void> {
  checkDeviceName(device);
  if (isIP(address) === 0) throw new RangeError(`address: ${JSON.stringify(address)} is not an IP address`);
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac))
    throw new RangeError(`mac: ${JSON.stringify(mac)}, six hexadecimal pairs joined by colons are allowed`);
  await run("ip", ["neighbour", "replace", address, "lladdr", mac, "dev", device, "nud", "reachable"]);
}

/** The neighbours that have a hardware address (`ip -json neighbour`), on one device or on all. */
export async function listNeighbours(run: Run, device?: string): Promise<Neighbour[]> {
  if (device !== undefined) checkDeviceName(device);
  const only = device === undefined ? [] : ["dev", device];
  const document: unknown = JSON.parse(await run("ip", ["-json", "neighbour", "show", ...only]));
  if (!Array.isArray(document)) throw new TypeError("ip -json neighbour: an array was expected");
  return document.flatMap((line: unknown) => {
    const { dst, lladdr, dev, state } = line as Record<string, unknown>;
    const name = typeof dev === "string" ? dev : device;
    if (typeof dst !== "string" || typeof lladdr !== "string" || name === undefined) return [];
    const states = Array.isArray(state) ? state.filter((each) => typeof each === "string") : [];
    return [{ address: dst, mac: lladdr, device: name, states }];
  });
}

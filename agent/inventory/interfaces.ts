import { macAddress } from "@rackwright/contract";
import type { NetworkInterface } from "@rackwright/contract";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";
import { numaNodeOf } from "./numa.ts";
import { pciName } from "./pci.ts";
import type { PciNames } from "./pci.ts";

interface AddressRow {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[];
}

async function addressesByName(world: World): Promise<Map<string, string[]>> {
  const result = await world.run(["ip", "-j", "address"], { timeoutSeconds: 10 });
  if (result.status !== 0) return new Map();
  const rows = JSON.parse(result.output) as AddressRow[];
  return new Map(
    rows.map((row) => [
      row.ifname ?? "",
      (row.addr_info ?? []).filter((info) => info.scope === "global").map((info) => `${info.local}/${info.prefixlen}`),
    ]),
  );
}

/** The network card the machine booted from: `BOOTIF=01-aa-bb-…` on the kernel's command line. */
export function bootMac(commandLine: string): string | null {
  const text = commandLine.match(/(?:^|\s)BOOTIF=(?:01-)?([0-9a-fA-F]{2}(?:[-:][0-9a-fA-F]{2}){5})(?:\s|$)/)?.[1];
  const parsed = macAddress.safeParse(text);
  return parsed.success ? parsed.data : null;
}

/** The fastest speed in `ethtool <name>`'s list of supported modes, in Mbit/s; null where it lists none. Takes any text. */
export function fastestMode(text: string): number | null {
  const modes = text.match(/Supported link modes:([\s\S]*?)(?:\n\s*[A-Z][^\n]*:|$)/)?.[1] ?? "";
  const speeds = [...modes.matchAll(/(\d{1,7})base/g)].map(([, speed]) => Number(speed));
  return speeds.length === 0 ? null : Math.max(...speeds);
}

async function cardFacts(
  world: World,
  name: string,
): Promise<Pick<NetworkInterface, "max_speed_mbps" | "firmware_version" | "sriov_max_vfs" | "numa_node">> {
  const driver = (await world.run(["ethtool", "--driver", name], { timeoutSeconds: 10 })).output;
  const version = driver.match(/^firmware-version: *(.*)$/m)?.[1]?.trim() ?? "";
  return {
    max_speed_mbps: fastestMode((await world.run(["ethtool", name], { timeoutSeconds: 10 })).output),
    firmware_version: version === "" || version === "N/A" ? null : version.slice(0, 256),
    sriov_max_vfs: await readNumber(world, `/sys/class/net/${name}/device/sriov_totalvfs`),
    numa_node: await numaNodeOf(world, `/sys/class/net/${name}/device`),
  };
}

/** Physical Ethernet cards with link, speed and the addresses they have now. Virtual interfaces are left out. */
export async function readInterfaces(world: World, names: PciNames): Promise<NetworkInterface[]> {
  const booted = bootMac((await readText(world, "/proc/cmdline")) ?? "");
  const addresses = await addressesByName(world);
  const found: NetworkInterface[] = [];
  for (const name of await world.list(`${world.root}/sys/class/net`)) {
    const base = `/sys/class/net/${name}`;
    const device = await world.link(`${world.root}${base}/device`);
    const mac = macAddress.safeParse((await readText(world, `${base}/address`)) ?? "");
    if (device === null || !mac.success || (await readNumber(world, `${base}/type`)) !== 1) continue;
    const speed = await readNumber(world, `${base}/speed`);
    const vendorId = await readText(world, `${base}/device/vendor`);
    const productId = await readText(world, `${base}/device/device`);
    found.push({
      name,
      mac: mac.data,
      link: (await readNumber(world, `${base}/carrier`)) === 1,
      speed_mbps: speed !== null && speed > 0 ? speed : null,
      ...pciName(names, device.split("/").pop() ?? "", vendorId, productId),
      driver: (await world.link(`${world.root}${base}/device/driver`))?.split("/").pop() ?? null,
      addresses: addresses.get(name) ?? [],
      boot: mac.data === booted,
      ...(await cardFacts(world, name)),
      neighbours: [],
    });
  }
  return found;
}

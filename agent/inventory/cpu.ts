import type { Inventory } from "@rackwright/contract";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";

/** Processors from /proc/cpuinfo and sysfs topology. Speed is the highest the hardware names, in MHz. */
export async function readCpu(world: World): Promise<Inventory["cpu"]> {
  const text = (await readText(world, "/proc/cpuinfo")) ?? "";
  const first = (name: string): string | null =>
    text.match(new RegExp(`^${name}\\s*:\\s*(.*)$`, "m"))?.[1]?.trim() ?? null;
  const base = "/sys/devices/system/cpu";
  const names = (await world.list(world.root + base)).filter((name) => /^cpu\d+$/.test(name));
  const packages = new Set<string>();
  const cores = new Set<string>();
  for (const name of names) {
    const packageId = (await readText(world, `${base}/${name}/topology/physical_package_id`)) ?? "0";
    const coreId = (await readText(world, `${base}/${name}/topology/core_id`)) ?? name;
    packages.add(packageId);
    cores.add(`${packageId}/${coreId}`);
  }
  const highest = await readNumber(world, `${base}/cpu0/cpufreq/cpuinfo_max_freq`);
  const current = Number(first("cpu MHz"));
  const threads = Math.max(1, names.length);
  return {
    model: first("model name"),
    vendor: first("vendor_id") ?? first("CPU implementer"),
    sockets: Math.max(1, packages.size),
    cores: Math.max(1, cores.size),
    threads,
    speed_mhz: highest !== null ? Math.round(highest / 1000) : current > 0 ? Math.round(current) : null,
    flags: (first("flags") ?? first("Features") ?? "").split(/\s+/).filter((flag) => flag !== ""),
  };
}

import type { Inventory } from "@rackwright/contract";
import { readText } from "../world.ts";
import type { World } from "../world.ts";

const units: Record<string, number> = { bytes: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Memory modules as `dmidecode -t 17` prints them (SMBIOS type 17); empty slots are left out. */
export function parseMemoryModules(text: string): Inventory["memory"]["modules"] {
  return text
    .split(/\n\s*\n/)
    .filter((block) => /^Memory Device$/m.test(block))
    .flatMap((block) => {
      const field = (name: string): string | null => {
        const value = block.match(new RegExp(`^\\s+${name}: (.*)$`, "m"))?.[1]?.trim();
        return value === undefined || /^(unknown|not specified|none|)$/i.test(value) ? null : value;
      };
      const size = field("Size")?.match(/^(\d+) (bytes|kB|MB|GB|TB)$/);
      if (!size) return [];
      const speed = field("Speed")?.match(/^(\d+)/)?.[1];
      return [
        {
          locator: field("Locator"),
          size: Number(size[1]) * (units[size[2] ?? ""] ?? 1),
          type: field("Type"),
          speed_mts: speed === undefined ? null : Number(speed),
          manufacturer: field("Manufacturer"),
          part: field("Part Number"),
          serial: field("Serial Number"),
        },
      ];
    });
}

/** Memory: what the modules add up to; where the firmware names none, what the kernel sees. */
export async function readMemory(world: World): Promise<Inventory["memory"]> {
  const seen = Number((await readText(world, "/proc/meminfo"))?.match(/^MemTotal:\s+(\d+) kB/m)?.[1] ?? 0) * 1024;
  const result = await world.run(["dmidecode", "-q", "-t", "17"], { timeoutSeconds: 30 });
  const modules = result.status === 0 ? parseMemoryModules(result.output) : [];
  const total = modules.reduce((sum, module) => sum + module.size, 0);
  return { total: total >= seen ? total : seen, modules };
}

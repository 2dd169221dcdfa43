import type { NumaNode } from "@rackwright/contract";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";

const base = "/sys/devices/system/node";
const most = 16_384;

/** Processor numbers of the kernel's list form, such as `0-3,8-11`. Takes any text. */
export function parseCpuList(text: string): number[] {
  return text
    .split(",")
    .flatMap((part) => {
      const [, first, last] = part.trim().match(/^(\d{1,6})(?:-(\d{1,6}))?$/) ?? [];
      if (first === undefined) return [];
      const length = Math.max(0, Number(last ?? first) - Number(first) + 1);
      return Array.from({ length: Math.min(most, length) }, (_, index) => Number(first) + index);
    })
    .slice(0, most);
}

/** NUMA nodes with their processors, memory and huge pages. */
export async function readNumaNodes(world: World): Promise<NumaNode[]> {
  const names = (await world.list(world.root + base)).filter((name) => /^node\d+$/.test(name));
  const nodes = await Promise.all(
    names.map(async (name): Promise<NumaNode> => {
      const memory = (await readText(world, `${base}/${name}/meminfo`))?.match(/MemTotal:\s+(\d+) kB/)?.[1];
      return {
        id: Number(name.slice("node".length)),
        cpus: parseCpuList((await readText(world, `${base}/${name}/cpulist`)) ?? ""),
        memory: Number(memory ?? 0) * 1024,
        hugepages: await readHugepages(world, `${base}/${name}/hugepages`),
      };
    }),
  );
  return nodes.sort((a, b) => a.id - b.id);
}

async function readHugepages(world: World, folder: string): Promise<NumaNode["hugepages"]> {
  const pages: NumaNode["hugepages"] = [];
  for (const name of await world.list(world.root + folder)) {
    const size = name.match(/^hugepages-(\d+)kB$/)?.[1];
    if (size === undefined) continue;
    pages.push({
      size: Number(size) * 1024,
      total: (await readNumber(world, `${folder}/${name}/nr_hugepages`)) ?? 0,
    });
  }
  return pages;
}

/** The NUMA node a device hangs at; null where the firmware does not say. */
export async function numaNodeOf(world: World, device: string): Promise<number | null> {
  const node = await readNumber(world, `${device}/numa_node`);
  return node !== null && node >= 0 ? node : null;
}

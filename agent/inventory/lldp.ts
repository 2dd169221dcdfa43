import type { Inventory, LinkNeighbour } from "@rackwright/contract";
import { z } from "zod";
import { readNumber, readText } from "../world.ts";
import type { World } from "../world.ts";

const values = z.array(z.object({ value: z.string().optional() })).default([]);
const json0 = z.object({
  lldp: z.array(
    z.object({
      interface: z
        .array(
          z.object({
            name: z.string(),
            via: z.string().default("unknown"),
            chassis: z.array(z.object({ id: values, name: values, descr: values, "mgmt-ip": values })).default([]),
            port: z.array(z.object({ id: values, descr: values })).default([]),
            vlan: z.array(z.object({ "vlan-id": z.string().optional(), pvid: z.boolean().optional() })).default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** Milliseconds a card gets to find its link after it was switched on. */
const linkWait = 5_000;

/** Cards by name and the switches heard on them, from `lldpctl -f json0`. Takes any text. */
export function parseNeighbours(text: string): Map<string, LinkNeighbour[]> {
  const found = new Map<string, LinkNeighbour[]>();
  let parsed;
  try {
    parsed = json0.safeParse(JSON.parse(text));
  } catch {
    return found;
  }
  for (const heard of parsed.success ? parsed.data.lldp.flatMap((one) => one.interface) : []) {
    const [chassis] = heard.chassis;
    const [port] = heard.port;
    const untagged = Number(heard.vlan.find((vlan) => vlan.pvid === true)?.["vlan-id"] ?? Number.NaN);
    const neighbour: LinkNeighbour = {
      protocol: heard.via.slice(0, 32),
      chassis_id: first(chassis?.id, 256),
      name: first(chassis?.name, 256),
      description: first(chassis?.descr, 1000),
      address: first(chassis?.["mgmt-ip"], 64),
      port_id: first(port?.id, 256),
      port_description: first(port?.descr, 256),
      vlan: Number.isInteger(untagged) ? untagged : null,
    };
    found.set(heard.name, [...(found.get(heard.name) ?? []), neighbour].slice(0, 64));
  }
  return found;
}

function first(list: readonly { value?: string | undefined }[] | undefined, longest: number): string | null {
  const text = list?.[0]?.value?.trim().slice(0, longest) ?? "";
  return text === "" ? null : text;
}

/**
 * Switches every network card on, so that links and switches can be seen, and listens for what switches announce. Cards of
 * Intel's i40e family swallow those frames themselves until they are told not to.
 */
export async function startListening(world: World): Promise<void> {
  const base = `${world.root}/sys/class/net`;
  const woken: string[] = [];
  for (const name of await world.list(base)) {
    if ((await world.link(`${base}/${name}/device`)) === null) continue;
    const driver = (await world.link(`${base}/${name}/device/driver`))?.split("/").pop();
    if (driver === "i40e" || driver === "ice")
      await world.run(["ethtool", "--set-priv-flags", name, ...firmwareAgentOff[driver]], { timeoutSeconds: 10 });
    // Bit 0 of the flags: switched on (if.h, IFF_UP).
    const flags = Number((await readText(world, `/sys/class/net/${name}/flags`)) ?? "1");
    if ((flags & 1) === 1) continue;
    await world.run(["ip", "link", "set", "dev", name, "up"], { timeoutSeconds: 10 });
    woken.push(name);
  }
  await world.run(["systemctl", "start", "--no-block", "lldpd.service"], { timeoutSeconds: 10 });
  for (let waited = 0; waited < linkWait; waited += 500) {
    const links = await Promise.all(woken.map((name) => readNumber(world, `/sys/class/net/${name}/carrier`)));
    if (links.every((link) => link === 1)) return;
    await world.sleep(500);
  }
}

const firmwareAgentOff = { i40e: ["disable-fw-lldp", "on"], ice: ["fw-lldp-agent", "off"] } as const;

/** What switches announced so far, by network card. */
export async function readNeighbours(world: World): Promise<Map<string, LinkNeighbour[]>> {
  const heard = await world.run(["lldpctl", "-f", "json0"], { timeoutSeconds: 10 });
  return heard.status === 0 ? parseNeighbours(heard.output) : new Map();
}

/** An inventory with the switches heard since it was taken. */
export function withNeighbours(inventory: Inventory, heard: ReadonlyMap<string, LinkNeighbour[]>): Inventory {
  return {
    ...inventory,
    interfaces: inventory.interfaces.map((card) => ({ ...card, neighbours: heard.get(card.name) ?? [] })),
  };
}

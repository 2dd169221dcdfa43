import assert from "node:assert/strict";
import type { ApiClient } from "@rackwright/cli";
import { machineStorage, nodeInterface } from "@rackwright/contract";
import { z } from "zod";

const interfaces = z.object({ items: z.array(nodeInterface) });

/** What a machine was configured with, and shows on the installed system. */
export interface Configured {
  /** Its fixed address, on a bridge on a bond. */
  readonly address: string;
  readonly card: string;
  /** `vda1 SIZE PARTUUID` of every partition. */
  readonly partitions: readonly string[];
}

/**
 * Configures a ready machine with one disk and one card away from what it gets by itself: xfs on the root of a given size,
 * swap, a filesystem of data with options, one in memory; a bond, a bridge on it, and a fixed address on that.
 */
export async function configure(client: ApiClient, id: string): Promise<Configured> {
  const at = `/api/v1/machines/${id}`;
  const change = (method: "PUT" | "POST", path: string, body: object) =>
    client.send(method, `${at}/storage${path}`, body, machineStorage);
  await change("PUT", "/layout", { layout: "flat", boot_size: 768 * 2 ** 20, root_size: 4 * 2 ** 30 });
  const { devices } = await change("POST", "/special-filesystems", { fstype: "tmpfs", mount_point: "/scratch" });
  const [disk] = devices;
  const root = disk?.partitions.find(({ filesystem }) => filesystem?.mount_point === "/");
  assert.ok(disk && root);
  const partition = async (size: number | undefined, filesystem: object): Promise<void> => {
    const made = await change("POST", `/devices/${disk.id}/partitions`, size === undefined ? {} : { size });
    const last = made.devices[0]?.partitions.at(-1);
    await change("PUT", `/devices/${disk.id}/partitions/${last?.id}/filesystem`, filesystem);
  };
  const xfs = { fstype: "xfs", label: "system", mount_point: "/" };
  await change("PUT", `/devices/${disk.id}/partitions/${root.id}/filesystem`, xfs);
  await partition(512 * 2 ** 20, { fstype: "swap", mount_point: "none" });
  await partition(undefined, { fstype: "ext4", label: "data", mount_point: "/srv", mount_options: "noatime" });
  const stored = (await client.get(`${at}/storage`, machineStorage)).devices[0]?.partitions ?? [];

  const add = (body: object) => client.send("POST", `${at}/interfaces`, body, nodeInterface);
  const [card] = (await client.get(`${at}/interfaces`, interfaces)).items;
  assert.deepEqual([card?.type, card?.links.map(({ mode }) => mode)], ["physical", ["auto"]]);
  const subnet_id = card?.links[0]?.subnet_id;
  const bond = await add({ type: "bond", name: "bond0", parents: [card?.id], bond_mode: "active-backup" });
  const bridge = await add({ type: "bridge", name: "br0", parents: [bond.id] });
  const link = { mode: "static", subnet_id };
  const linked = await client.send("POST", `${at}/interfaces/${bridge.id}/links`, link, nodeInterface);
  return {
    address: linked.links[0]?.address ?? "",
    card: card?.name ?? "",
    partitions: stored.map(({ number, size, uuid }) => `vda${number} ${size} ${uuid}`),
  };
}

/** What shows it on the installed system. */
export const look = [
  "findmnt -rn -o TARGET,FSTYPE,LABEL -t xfs,ext4,vfat,tmpfs",
  "findmnt -n -o OPTIONS /srv",
  "echo swap: $(awk 'NR > 1 { print $2 }' /proc/swaps)",
  "lsblk -brno NAME,SIZE,PARTUUID /dev/vda",
  "echo bond: $(cat /sys/class/net/bond0/bonding/mode)",
  "ls /sys/class/net/br0/brif /sys/class/net/bond0/",
  "ip -4 -o address show scope global | sed 's/  */ /g'",
  "echo failed units: $(systemctl --failed --no-legend | wc -l)",
].join("; ");

/** Compares what `look` printed with the configuration. */
export function checkConfigured(seen: string, { address, card, partitions }: Configured): void {
  const lines = seen.split("\n");
  const storage = ["/ xfs system", "/srv ext4 data", "swap: partition", ...partitions];
  const network = ["bond: active-backup 1", "bond0", `lower_${card}`];
  for (const line of [...storage, ...network, "failed units: 0"])
    assert.ok(lines.includes(line), `'${line}' is in\n${seen}`);
  assert.match(seen, /^\/boot\/efi vfat/m);
  assert.ok(partitions.length >= 5, `/boot/efi, /boot, /, swap and /srv are in ${partitions.join(", ")}`);
  assert.match(seen, /^\/scratch tmpfs /m);
  assert.match(seen, /^rw,noatime/m);
  const addresses = lines.filter((line) => / inet /.test(line));
  assert.equal(addresses.length, 1, seen);
  assert.match(addresses[0] ?? "", new RegExp(`br0 inet ${address}/`));
}

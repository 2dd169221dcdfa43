import { LabHostError, LabRequestError } from "../errors.ts";
import type { World } from "../world/world.ts";
import { explain } from "./namespace.ts";

/**
 * The nftables script that drops so many of a hundred packets on a machine's port, each way. Zero removes the loss.
 * The rules live in the lab's namespace and go with it.
 */
export function lossScript(tap: string, percent: number): string {
  const table = `netdev loss_${tap}`;
  // Adding before deleting makes the deletion work whether the table was there or not.
  const clear = [`add table ${table}`, `delete table ${table}`];
  if (percent === 0) return `${clear.join("\n")}\n`;
  const chain = (hook: string) => [
    `add chain ${table} ${hook} { type filter hook ${hook} device "${tap}" priority 0; }`,
    `add rule ${table} ${hook} numgen random mod 1000 <= ${Math.max(1, Math.round(percent * 10)) - 1} counter drop`,
  ];
  return `${[...clear, `add table ${table}`, ...chain("ingress"), ...chain("egress")].join("\n")}\n`;
}

/** Sets the packet loss of a machine's port, in percent. Needs the program nft. */
export async function setPacketLoss(world: World, namespace: string, tap: string, percent: number): Promise<void> {
  if (!(percent >= 0 && percent <= 100)) {
    throw new LabRequestError(`packet loss ${percent}: must be 0 to 100 percent`);
  }
  if ((await world.find("nft")) === undefined) {
    throw new LabHostError("The program nft, which drops packets, is not installed: apt-get install nftables.");
  }
  const argv = ["ip", "netns", "exec", namespace, "nft", "-f", "-"];
  const done = await world.run(argv, { input: lossScript(tap, percent) });
  if (done.code !== 0) throw new LabHostError(explain(`packet loss on ${tap} cannot be set`, done));
}

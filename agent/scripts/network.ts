import { lastLines } from "../failure.ts";
import type { World } from "../world.ts";
import { restoreState, saveState } from "./network-state.ts";

/** The configured network could not be put in place; the message says why. */
export class NetworkNotApplied extends Error {}

const file = "/etc/netplan/90-rackwright.yaml";
const lease = ["rackwright-lease.timer", "rackwright-lease.service"];

/**
 * Puts the machine's configured network in place of the one it booted with. What it returns brings the old one back.
 *
 * @throws NetworkNotApplied after the old network is back
 */
export async function applyNetwork(world: World, configuration: object): Promise<() => Promise<void>> {
  const before = await saveState(world);
  const restore = async (): Promise<void> => {
    const stop = ["systemd-networkd.socket", "systemd-networkd.service"];
    await world.run(["systemctl", "stop", ...stop], { timeoutSeconds: 60 });
    await world.run(["rm", "-rf", file, "/run/systemd/network", "/run/netplan"], { timeoutSeconds: 10 });
    await restoreState(world, before);
    await world.run(["systemctl", "start", "rackwright-lease.timer"], { timeoutSeconds: 30 });
  };
  const must = async (argv: readonly string[], timeoutSeconds: number): Promise<void> => {
    const result = await world.run(argv, { timeoutSeconds });
    if (result.status === 0) return;
    const how = result.timedOut ? `took longer than ${timeoutSeconds} s` : `ended with status ${result.status}`;
    const said = lastLines(`${result.output}\n${result.error}`, 5).join(" · ");
    throw new NetworkNotApplied(`${argv.join(" ")} ${how}${said === "" ? "" : `: ${said}`}.`);
  };
  try {
    // Its renewals would bring the old address back.
    await world.run(["systemctl", "stop", ...lease], { timeoutSeconds: 30 });
    await world.run(["mkdir", "-p", "/etc/netplan"], { timeoutSeconds: 10 });
    // JSON is YAML.
    await world.write(file, `${JSON.stringify({ network: configuration })}\n`, 0o600);
    await must(["netplan", "generate"], 60);
    await must(["netplan", "apply"], 180);
    await must(["/lib/systemd/systemd-networkd-wait-online", "--any", "--timeout=60"], 70);
  } catch (error) {
    await restore();
    throw error instanceof NetworkNotApplied ? error : new NetworkNotApplied(String(error));
  }
  return restore;
}

import { join } from "node:path";
import { LabHostError } from "../errors.ts";
import type { LabState } from "../state.ts";
import { endProcess, identify, labVariable, type ProcessIdentity } from "../world/process-identity.ts";
import type { World } from "../world/world.ts";
import { addressAt, networkOf } from "./addresses.ts";
import { belongsToAnother, explain, removeNamespace } from "./namespace.ts";

/** Both ends of the second server's cable have this name, each in its own namespace. */
const cable = "stranger";

/** A DHCP server on the lab's network that is not ours: where it answers from and what it leases. */
export interface StrangerDhcp {
  readonly address: string;
  readonly firstLease: string;
  readonly lastLease: string;
  readonly log: string;
  stop(): Promise<void>;
}

/** dnsmasq's arguments as the stranger. */
export function strangerArguments(lab: LabState): string[] {
  const { address, firstLease, lastLease } = strangerAddresses(lab);
  return [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--user=root",
    "--pid-file=",
    "--no-resolv",
    "--no-hosts",
    "--port=0",
    "--log-dhcp",
    "--log-facility=-",
    "--leasefile-ro",
    "--dhcp-authoritative",
    `--interface=${cable}`,
    `--listen-address=${address}`,
    `--dhcp-range=${firstLease},${lastLease},2m`,
  ];
}

/** The top of the lab's subnet: the server, and below it what it leases. */
export function strangerAddresses(lab: LabState) {
  const network = networkOf(lab.subnet);
  return {
    address: addressAt(network, network.size - 2),
    firstLease: addressAt(network, network.size - 12),
    lastLease: addressAt(network, network.size - 3),
  };
}

/**
 * Starts a second DHCP server, as somebody's forgotten home router would be: a host of its own (a namespace) with a
 * cable to the lab's switch. Needs the program dnsmasq.
 */
export async function startStrangerDhcp(world: World, lab: LabState): Promise<StrangerDhcp> {
  if ((await world.find("dnsmasq")) === undefined) {
    throw new LabHostError(
      "The program dnsmasq, the second DHCP server, is not installed: apt-get install dnsmasq-base.",
    );
  }
  const { strangerNamespace: namespace, bridge } = lab;
  const addresses = strangerAddresses(lab);
  const log = join(lab.stateDirectory, "machines", "stranger-dhcp.log");
  const made = await world.run(["ip", "netns", "add", namespace]);
  if (made.code !== 0) throw new LabHostError(explain("a second DHCP server cannot be started", made));
  let server: ProcessIdentity | undefined;
  const stop = async (): Promise<void> => {
    if (server !== undefined) await endProcess(server, 1000);
    await removeStranger(world, lab);
  };
  try {
    await batch(world, lab.namespace, [
      `link add dev ${cable} type veth peer name ${cable} netns ${namespace}`,
      `link set dev ${cable} master ${bridge}`,
      `link set dev ${cable} up`,
    ]);
    const prefix = networkOf(lab.subnet).prefix;
    await batch(world, namespace, [
      "link set dev lo up",
      `address add ${addresses.address}/${prefix} dev ${cable}`,
      `link set dev ${cable} up`,
    ]);
    const argv = ["ip", "netns", "exec", namespace, "dnsmasq", ...strangerArguments(lab)];
    const environment = { [labVariable]: lab.id };
    const program = await world.detach(argv, { environment, cwd: lab.stateDirectory, log });
    server = await identify(program.pid);
    if (server === undefined) throw new LabHostError(`the second DHCP server ended at once, see ${log}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...addresses, log, stop };
}

/**
 * Takes the cable off the switch, then removes the second server's namespace; answers the pids of processes of others
 * that still live in it. The cable first and by name: the kernel takes a namespace apart some time after it lost its
 * name, and until then its cable would be in the way of the next one. Another lab's is left alone.
 */
export async function removeStranger(world: World, lab: LabState): Promise<number[]> {
  if (await belongsToAnother(world, lab)) return [];
  await world.run(["ip", "-n", lab.namespace, "link", "delete", "dev", cable]);
  return removeNamespace(world, lab, lab.strangerNamespace);
}

async function batch(world: World, namespace: string, commands: readonly string[]): Promise<void> {
  const done = await world.run(["ip", "-n", namespace, "-batch", "-"], { input: `${commands.join("\n")}\n` });
  if (done.code !== 0) throw new LabHostError(explain("the cable of the second DHCP server cannot be laid", done));
}

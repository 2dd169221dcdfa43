import { listInterfaces, openLibc, openPacketSender } from "@rackwright/netdev";
import { LabHostError } from "../errors.ts";
import type { World } from "../world/world.ts";
import { explain } from "./namespace.ts";
import { allNodesMac, ipv6EtherType, noRouterPacket } from "./no-router.ts";

/** Half a second is the longest that a waiting firmware loses. */
const everyMilliseconds = 500;
/** Firmware is in its network boot by then, also on a host that is busy. */
const forMilliseconds = 60_000;

/** Tells one machine, while its firmware starts, that there is no IPv6 router. */
export interface Announcer {
  /** The firmware starts now. */
  start(): void;
  stop(): void;
}

/**
 * Repeats a packet for a while after each start. iPXE asks for an IPv6 router at every network boot and waits for an
 * answer, about 14 s where nobody routes IPv6, before it uses the IPv4 address that it has. It only takes an answer that
 * comes while it waits, so one has to come then, and come again.
 */
export function createAnnouncer(send: () => void): Announcer {
  let timer: NodeJS.Timeout | undefined;
  let left = 0;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    start() {
      stop();
      left = forMilliseconds / everyMilliseconds;
      timer = setInterval(() => {
        send();
        left -= 1;
        if (left === 0) stop();
      }, everyMilliseconds);
    },
    stop,
  };
}

/**
 * The announcer of a machine's port. Packets leave by the port itself, so other machines and the rack hear nothing. Has
 * to run inside the lab's namespace. Throws a LabHostError or DeviceError when there is no such port.
 */
export async function announceNoRouter(world: World, tap: string): Promise<Announcer> {
  const listed = await listInterfaces(async (program, words) => {
    const outcome = await world.run([program, ...words]);
    if (outcome.code !== 0) throw new LabHostError(explain("the ports of the switch cannot be listed", outcome));
    return outcome.stdout;
  });
  const port = listed.find(({ name }) => name === tap);
  if (port?.mac === undefined) throw new LabHostError(`the switch has no port ${tap}`);
  const packet = noRouterPacket(port.mac);
  const { index } = port;
  const sender = openPacketSender({ libc: openLibc(), device: tap, index, etherType: ipv6EtherType });
  // Like any packet it may be lost, as while the cable is out: the next one follows soon.
  const announcer = createAnnouncer(() => void sender.send(allNodesMac, packet));
  return {
    start: () => announcer.start(),
    stop() {
      announcer.stop();
      sender.close();
    },
  };
}

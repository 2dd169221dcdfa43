import { createSocket } from "node:dgram";
import { listNeighbours, type Run } from "@rackwright/netdev";

const discardPort = 9;
const resolveMilliseconds = 300;

/**
 * Finds the hardware address behind an IP address: sends one empty datagram so that the kernel asks for it, then reads
 * the neighbour table. Undefined when the station does not answer or is not on the device's wire.
 */
export function createFindMac(run: Run): (device: string, address: string) => Promise<string | undefined> {
  return async (device, address) => {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      socket.send("", discardPort, address, () => resolve());
    });
    await new Promise((resolve) => {
      setTimeout(resolve, resolveMilliseconds);
    });
    socket.close();
    const neighbours = await listNeighbours(run, device);
    return neighbours.find((each) => each.address === address)?.mac;
  };
}

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";

/**
 * A UDP socket bound to one address. Peers are always given as addresses, so nothing is ever looked up, and
 * sending happens at once instead of one turn of the event loop later.
 */
export function bindSocket(address: string, port: number): Promise<Socket> {
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? "udp6" : "udp4",
    ipv6Only: family === 6,
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners("error");
      // An ICMP error or a full buffer concerns one packet; the protocol repeats it.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

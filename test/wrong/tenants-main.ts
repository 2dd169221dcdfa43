import { createSocket } from "node:dgram";
import { decodeMessage, messageTypeOf, readAddressOption } from "@rackwright/dhcp";
import type { DhcpMessage } from "@rackwright/dhcp";
import { clientMessage } from "./dhcp-messages.ts";

// Many DHCP clients in one process: each wants an address and then asks for it again and again, whoever is killed
// meanwhile. Every ACK is one line, `<mac> <address>`, on standard output. Ends when it is told to.
const [server = "", count = "1"] = process.argv.slice(2);
const socket = createSocket({ type: "udp4", reuseAddr: true });
const held = new Map<string, string>();
let waiting: ((reply: DhcpMessage) => void) | undefined;
let transaction = 1;

socket.on("message", (bytes) => {
  const reply = decodeMessage(bytes);
  if (reply.transactionId === transaction) waiting?.(reply);
});

const quad = (text: string): Uint8Array => Uint8Array.from(text.split(".").map(Number));

/** Sends a message and gives the answer to it, undefined after 400 ms. */
function ask(
  type: "discover" | "request",
  mac: string,
  options: [number, Uint8Array][],
): Promise<DhcpMessage | undefined> {
  transaction += 1;
  const { promise, resolve } = Promise.withResolvers<DhcpMessage | undefined>();
  const timer = setTimeout(() => resolve(undefined), 400);
  waiting = resolve;
  socket.send(clientMessage(type, mac, { transactionId: transaction }, "system", options), 67, server);
  return promise.finally(() => clearTimeout(timer));
}

async function turn(mac: string): Promise<void> {
  const own = held.get(mac);
  let wanted: [number, Uint8Array][];
  if (own === undefined) {
    const offer = await ask("discover", mac, []);
    const identifier = offer === undefined ? undefined : readAddressOption(offer.options, 54);
    if (offer === undefined || identifier === undefined) return;
    wanted = [
      [50, quad(offer.yourAddress)],
      [54, quad(identifier)],
    ];
  } else wanted = [[50, quad(own)]];
  const answer = await ask("request", mac, wanted);
  if (answer === undefined) return;
  if (messageTypeOf(answer.options) === "ack") {
    held.set(mac, answer.yourAddress);
    console.log(`${mac} ${answer.yourAddress}`);
  } else held.delete(mac);
}

async function live(): Promise<never> {
  for (let at = 0; ; at++) {
    await turn(`02:00:5e:0a:00:${(at % Number(count)).toString(16).padStart(2, "0")}`);
    // RFC 2131 4.1: clients do not hammer.
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

socket.bind(68, () => void live());

import { addressInUse, makeFailure, regionUnreachable } from "@rackwright/contract/rack";
import { noAddress, readAddressOption } from "@rackwright/dhcp";
import { bootFor, identifierFor, namesUs, reason, send, tell, type Exchange } from "./exchange.ts";
import type { LeaseReport } from "./lease-source.ts";
import type { DhcpWorld } from "./world.ts";

/**
 * DECLINE (RFC 2131 4.3.3): somebody else already uses the address. Believed only of an address that this client was
 * given or offered, or one station could use up a whole range.
 */
export async function answerDecline(world: DhcpWorld, exchange: Exchange): Promise<void> {
  const { message, mac, face } = exchange;
  const address = readAddressOption(message.options, 50);
  const held = heldBy(world, exchange, address);
  if (address === undefined || held === undefined) return;
  world.mirror.forget(mac, address);
  world.offers.delete(mac);
  world.watch.emit({
    type: "dhcp.decline",
    level: "warning",
    mac,
    address,
    message: `${mac} found ${address} in use by another station and declined it`,
    data: { device: face.device, subnet_id: held },
    failure: makeFailure(
      addressInUse,
      `${address} was given to ${mac}, which found another station using it.`,
      [`DHCPDECLINE from ${mac} for ${address} on ${face.device}`],
      `Find the station that uses ${address} (its neighbours see its hardware address) and give it another address, or take the address out of the dynamic range.`,
    ),
  });
  await report(world, { action: "decline", mac, subnet_id: held, address });
}

/** RELEASE (RFC 2131 4.3.4): the address is free. There is no answer to it. */
export async function answerRelease(world: DhcpWorld, exchange: Exchange): Promise<void> {
  const { message, mac } = exchange;
  const address = message.clientAddress;
  const held = heldBy(world, exchange, address);
  if (held === undefined) return;
  world.mirror.forget(mac, address);
  tell(world, exchange, "dhcp.release", `${mac} gave ${address} back`, { address });
  await report(world, { action: "release", mac, subnet_id: held, address });
}

/** The subnet of the address when it is this client's, offered or given, and the message is meant for us. */
function heldBy(world: DhcpWorld, exchange: Exchange, address: string | undefined): number | undefined {
  const { message, mac } = exchange;
  const identifier = readAddressOption(message.options, 54);
  if (address === undefined || address === noAddress) return undefined;
  if (identifier !== undefined && !namesUs(world, exchange, identifier)) return undefined;
  const subnet = world.mirror.subnetOf(address);
  if (subnet === undefined) return undefined;
  const known = world.mirror.known(mac, [subnet], world.now());
  const held = known?.address === address || world.offers.get(mac)?.address === address;
  return held ? subnet.id : undefined;
}

async function report(world: DhcpWorld, item: LeaseReport): Promise<void> {
  try {
    await world.leases.report(item);
  } catch (error) {
    world.watch.emitOnce(`report ${item.mac}`, {
      type: "dhcp.refused",
      level: "warning",
      mac: item.mac,
      address: item.address,
      message: `The ${item.action} of ${item.address} by ${item.mac} did not reach the region (${reason(error)}); the lease ends by itself`,
      data: { code: regionUnreachable.code },
    });
  }
}

/** INFORM (RFC 2131 4.3.5): configuration for a client that has an address, without address or lease time. */
export async function answerInform(world: DhcpWorld, exchange: Exchange): Promise<void> {
  const { message, mac } = exchange;
  const own = message.clientAddress === noAddress ? undefined : world.mirror.subnetOf(message.clientAddress);
  const subnet = own?.dhcp === true ? own : exchange.link[0];
  if (subnet === undefined) return;
  tell(world, exchange, "dhcp.inform", `${mac} asks for configuration`, { address: message.clientAddress });
  const boot = await bootFor(world, exchange, message.clientAddress);
  if (boot === "unavailable") return;
  const identifier = identifierFor(exchange, message.clientAddress);
  const decision = { type: "ack", serverIdentifier: identifier, network: subnet.options } as const;
  send(world, exchange, boot === undefined ? decision : { ...decision, boot });
}

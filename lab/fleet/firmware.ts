import { type BootOrder, readGrubScript, readIpxeScript } from "./boot-script.ts";
import type { Asker, Lease } from "./dhcp-client.ts";
import type { Session } from "./session.ts";
import { readByTftp } from "./tftp-client.ts";
import { standStill } from "./world.ts";

/** How long a loader lets the machine wait before it starts over; real ones wait 10 to 60 s. */
const againMilliseconds = 2000;
/** A loader transfer that is cut ends in its second block. */
const cutAfterBytes = 1500;
/** From power-on to the first packet. Real machines take minutes; the fastest, a virtual one, seconds. */
const selfTestMilliseconds = 2500;
const httpPort = 5248;

/** From power-on to what the machine shall boot: address, loader, script. Starts over until it is told something. */
export async function bootOverNetwork(session: Session): Promise<BootOrder> {
  const { signal, world } = session;
  await world.sleep(selfTestMilliseconds, signal);
  if (session.strikes("boots-disk-first")) return standStill(signal);
  for (;;) {
    const order = await attempt(session);
    if (order !== undefined && order.kind !== "wait") return order;
    await world.sleep(againMilliseconds, signal);
  }
}

async function attempt(session: Session): Promise<BootOrder | undefined> {
  const { plan, signal } = session;
  const lease = await address(session, session.strikes("odd-architecture") ? "odd-firmware" : "firmware");
  if (lease?.bootFile === undefined) return undefined;
  if (session.strikes("loader-not-fetched")) return standStill(signal);
  if (session.strikes("loader-cut")) {
    await read(session, lease, lease.bootFile, cutAfterBytes);
    return standStill(signal);
  }
  if ((await read(session, lease, lease.bootFile)) === undefined) return undefined;
  if (plan.firmware === "uefi") return grub(session, lease);
  if (session.strikes("script-not-asked")) return standStill(signal);
  return ipxe(session);
}

async function address(session: Session, asker: Asker): Promise<Lease | undefined> {
  const { plan, dhcp, signal } = session;
  if (!session.strikes("offer-ignored")) return dhcp.acquire(plan, asker, signal);
  await dhcp.acquire(plan, asker, signal, "discover");
  return standStill(signal);
}

async function read(session: Session, lease: Lease, path: string, stopAfter?: number): Promise<string | undefined> {
  const transfer = { from: lease.address, server: lease.nextServer, path, signal: session.signal };
  const { outcome, bytes } = await readByTftp(stopAfter === undefined ? transfer : { ...transfer, stopAfter });
  return outcome.kind === "completed" ? bytes.toString("utf8") : undefined;
}

/** shim fetches GRUB, GRUB its configuration, which names the machine's own. */
async function grub(session: Session, lease: Lease): Promise<BootOrder | undefined> {
  if ((await read(session, lease, "grubx64.efi")) === undefined) return undefined;
  if (session.strikes("script-not-asked")) return standStill(session.signal);
  await read(session, lease, "/grub/grub.cfg");
  const script = await read(session, lease, `/grub/grub.cfg-${session.plan.mac}`);
  return script === undefined ? undefined : readGrubScript(script);
}

/** iPXE asks for an address of its own and is given the address of its script. */
async function ipxe(session: Session): Promise<BootOrder | undefined> {
  const lease = await address(session, "ipxe");
  if (lease?.bootFile === undefined) return undefined;
  const url = new URL(lease.bootFile, `http://${lease.nextServer}:${httpPort}/`).href;
  const answer = await session
    .http(lease.address)
    .get(url)
    .catch(() => session.signal.throwIfAborted());
  return answer?.status === 200 ? readIpxeScript(answer.body) : undefined;
}

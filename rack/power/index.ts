import { randomBytes } from "node:crypto";
import { createIpmiClient } from "@rackwright/ipmi";
import { createIpmiDriver } from "./ipmi.ts";
import { createManualDriver } from "./manual.ts";
import { createPowerService } from "./service.ts";
import type { PowerService } from "./service.ts";
import { openBmcSockets, resolveBmc, systemTimers } from "./socket.ts";

export type { ObservedState, PowerBootDevice, PowerDriver, PowerTarget, StopMode } from "./driver.ts";
export { PowerError, powerFailure } from "./errors.ts";
export type { PowerErrorCode } from "./errors.ts";
export { createIpmiDriver } from "./ipmi.ts";
export { createManualDriver } from "./manual.ts";
export { createPowerService } from "./service.ts";
export type { PowerService, PowerServiceAction, PowerServiceRequest, PowerServiceResult } from "./service.ts";
export { openBmcSockets, resolveBmc, systemTimers } from "./socket.ts";

/** The power service of a running rack, on real sockets and the real clock. */
export async function openPowerService({
  onSocketError,
}: {
  onSocketError: (error: Error) => void;
}): Promise<PowerService & { close(): void }> {
  const sockets = await openBmcSockets({ onError: onSocketError });
  const timers = systemTimers();
  const client = createIpmiClient({ transport: sockets.transport, timers, random: (count) => randomBytes(count) });
  const drivers = { ipmi: createIpmiDriver({ client, resolve: resolveBmc }), manual: createManualDriver() };
  return { ...createPowerService({ drivers, timers }), close: () => sockets.close() };
}

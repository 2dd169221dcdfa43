import type { EnlistRequest, MachineStatus, NetworkInterface } from "@rackwright/contract";
import { sql } from "kysely";
import type { Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { insertMachine } from "./create.ts";
import { cardColumns } from "../interfaces/facts.ts";
import { saveInterfaces } from "./interfaces.ts";
import { usableUuid, findKnown, reportTwin, setUuid } from "./identity.ts";
import { hasDriver, hasAccount, saveBmc } from "./bmc.ts";

export type Enlisted = { machineId: string; hostname: string; created: boolean; status: MachineStatus };

/**
 * Makes a machine known that introduced itself. One with the same network card, SMBIOS UUID or BMC address is never
 * doubled: in status New or Commissioning it is brought up to date, in another it stays as it is (`created` false, the
 * caller gives it no credentials).
 */
export async function enlistMachine(
  tx: Transaction,
  request: EnlistRequest,
  { now, rack = null }: { now: Date; rack?: string | null },
): Promise<Enlisted> {
  // Two cards of one machine may introduce themselves at the same moment.
  await sql`select pg_advisory_xact_lock(hashtext('rackwright enlist'))`.execute(tx);
  const uuid = usableUuid(request.uuid);
  const known = await findKnown(tx, request, uuid);
  if (known) {
    if (known.status === "new" || known.status === "commissioning") {
      await refresh(tx, known.id, request, uuid);
      if (!known.card) await reportTwin(tx, known, request, now);
    }
    return { machineId: known.id, hostname: known.hostname, created: false, status: known.status };
  }
  const boot = request.interfaces.find((card) => card.boot) ?? request.interfaces[0];
  const interfaces = unique(request.interfaces);
  const { id, hostname } = await insertMachine(tx, {
    architecture: request.architecture,
    firmware: request.firmware,
    uuid,
    serial: request.serial,
    powerDriver: request.bmc !== null && hasAccount(request.bmc.parameters) ? request.bmc.driver : null,
    powerParameters: request.bmc?.parameters ?? {},
    interfaces: interfaces.map(cardColumns),
    now,
  });
  if (boot) await tx.updateTable("machines").set({ boot_mac: boot.mac }).where("id", "=", id).execute();
  await appendEvent(tx, {
    type: "machine.enlisted",
    at: now,
    machine_id: id,
    mac: boot?.mac ?? null,
    rack,
    actor: "machine",
    message: `${hostname} was found: ${request.architecture}, ${request.firmware}, ${interfaces.length} network card${interfaces.length === 1 ? "" : "s"}`,
    data: { macs: interfaces.map(({ mac }) => mac), bmc: request.bmc?.parameters["power_address"] ?? null },
  });
  return { machineId: id, hostname, created: true, status: "new" };
}

function unique(interfaces: readonly NetworkInterface[]): NetworkInterface[] {
  return [...new Map(interfaces.map((card) => [card.mac, card])).values()];
}

async function refresh(tx: Transaction, id: string, request: EnlistRequest, uuid: string | null): Promise<void> {
  const boot = request.interfaces.find((card) => card.boot);
  await tx
    .updateTable("machines")
    .set({
      architecture: request.architecture,
      firmware: request.firmware,
      ...(request.serial !== null && { serial: request.serial }),
      ...(boot && { boot_mac: boot.mac }),
    })
    .where("id", "=", id)
    .execute();
  if (uuid !== null) await setUuid(tx, id, uuid);
  await saveInterfaces(tx, id, request.interfaces, "keep");
  if (request.bmc && !(await hasDriver(tx, id))) await saveBmc(tx, id, request.bmc);
}

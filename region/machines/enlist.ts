import type { EnlistRequest, FoundBmc, MachineStatus, NetworkInterface } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { json } from "../database/pool.ts";
import type { Transaction } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { appendEvent } from "../events/append.ts";
import { insertMachine } from "./create.ts";
import { saveInterfaces } from "./interfaces.ts";

export type Enlisted = { machineId: string; hostname: string; created: boolean; status: MachineStatus };

/** SMBIOS UUIDs that vendors ship by the thousand: they tell machines apart no better than none. */
const commonUuids = new Set([
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "03000200-0400-0500-0006-000700080009",
  "12345678-1234-5678-90ab-cddeefaabbcc",
  "00020003-0004-0005-0006-000700080009",
]);

/** A UUID that identifies a machine, in lower case; null where it cannot. */
export function usableUuid(uuid: string | null): string | null {
  const text = uuid?.trim().toLowerCase() ?? "";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) && !commonUuids.has(text) ? text : null;
}

/** The machine that has this network card. */
export async function findMachineByMac(
  db: Kysely<Tables>,
  mac: string,
): Promise<{ id: string; hostname: string; status: MachineStatus } | undefined> {
  return db
    .selectFrom("interfaces")
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select(["machines.id", "machines.hostname", "machines.status"])
    .where("interfaces.mac", "=", mac)
    .executeTakeFirst();
}

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
    if (known.status === "new" || known.status === "commissioning") await refresh(tx, known.id, request, uuid);
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
    interfaces: interfaces.map(({ name, mac, ...details }) => ({ name, mac, details })),
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
    message: `${hostname} was found: ${request.architecture}, ${request.firmware}, ${interfaces.length} network cards`,
    data: { macs: interfaces.map(({ mac }) => mac), bmc: request.bmc?.parameters["power_address"] ?? null },
  });
  return { machineId: id, hostname, created: true, status: "new" };
}

function unique(interfaces: readonly NetworkInterface[]): NetworkInterface[] {
  return [...new Map(interfaces.map((card) => [card.mac, card])).values()];
}

async function findKnown(tx: Transaction, { interfaces, bmc }: EnlistRequest, uuid: string | null) {
  const macs = interfaces.map(({ mac }) => mac);
  const address = bmc?.parameters["power_address"];
  const matches = await tx
    .selectFrom("machines")
    .select(["id", "hostname", "status"])
    .where((where) =>
      where.or([
        where.exists(
          where
            .selectFrom("interfaces")
            .select("interfaces.id")
            .whereRef("interfaces.machine_id", "=", "machines.id")
            .where("interfaces.mac", "in", macs),
        ),
        ...(uuid === null ? [] : [where("uuid", "=", uuid)]),
        ...(address === undefined ? [] : [where(sql<string>`power_parameters ->> 'power_address'`, "=", address)]),
      ]),
    )
    // The card is the surest sign.
    .orderBy(sql`exists (select from interfaces where machine_id = machines.id and mac = any(${macs}::text[]))`, "desc")
    .orderBy("id")
    .forUpdate()
    .execute();
  return matches[0];
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
  if (request.bmc) await saveBmc(tx, id, request.bmc);
}

/** Two machines of one UUID exist; the first keeps it. */
export async function setUuid(tx: Transaction, id: string, uuid: string): Promise<void> {
  await tx
    .updateTable("machines")
    .set({ uuid })
    .where("id", "=", id)
    .where(sql<boolean>`not exists (select from machines as other where other.uuid = ${uuid} and other.id <> ${id})`)
    .execute();
}

/** Whether these parameters let us log in. An enlisting machine tells where its BMC is, but has no account there yet. */
function hasAccount(parameters: Record<string, string>): boolean {
  return parameters["power_user"] !== undefined && parameters["power_pass"] !== undefined;
}

/**
 * Keeps the BMC that was found from inside the machine. Its driver is set with the account, so that no BMC is asked as a
 * user it does not know. Parameters an operator gave for another address or driver stay, with a word in the events.
 */
export async function saveBmc(tx: Transaction, machineId: string, bmc: FoundBmc): Promise<void> {
  const machine = await tx
    .selectFrom("machines")
    .select(["power_driver", "power_parameters", "hostname"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  if (!machine) return;
  const address = bmc.parameters["power_address"] ?? "unknown address";
  const before = machine.power_parameters["power_address"];
  const replace = machine.power_driver !== bmc.driver || before === undefined || before === address;
  const parameters = { ...machine.power_parameters, ...bmc.parameters };
  const managed = machine.power_driver !== bmc.driver && hasAccount(parameters);
  if (replace)
    await tx
      .updateTable("machines")
      .set({
        power_parameters: json(parameters),
        // Nothing was asked yet: the next round of queries does.
        ...(managed && { power_driver: bmc.driver, power_state: "unknown", power_checked_at: null }),
      })
      .where("id", "=", machineId)
      .execute();
  if (replace && before === address && !managed) return;
  await appendEvent(tx, {
    type: "machine.inventory",
    level: replace ? "info" : "warning",
    machine_id: machineId,
    actor: "machine",
    message: replace
      ? `${machine.hostname} has a BMC (${bmc.driver}) at ${address}${managed ? ", with an account for us" : ""}`
      : `${machine.hostname} reports a BMC at ${address}, but its power parameters name ${before}, which were kept`,
    data: { driver: bmc.driver, address },
  });
}

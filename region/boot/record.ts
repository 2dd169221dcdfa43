import type { BootDecision, BootPurpose, BootRequest, Failure, Firmware, MachineStatus } from "@rackwright/contract";
import { sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database, Transaction } from "../database/pool.ts";
import { appendEvent } from "../events/append.ts";
import { fire } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import type { BootMachine } from "./facts.ts";
import { type Order, orderOf } from "./orders.ts";

/** Loaders ask for the same script more than once; what comes within this time with the same answer is one boot. */
const oneBootSeconds = 30;

/** The firmware a request comes from, where it tells. */
export function firmwareOf(request: BootRequest): Firmware | null {
  if (request.firmware !== null) return request.firmware;
  if (request.client === "pxe-bios") return "bios";
  return request.client.includes("-uefi-") ? "uefi" : null;
}

export type RecordOptions = { clock: Clock; rack: string | null };

/**
 * What a boot leaves behind, apart from its answer: one `boot.decided` event, and for a known machine the card and
 * firmware it booted with and a sign of life. A machine that waits for a boot that cannot be served fails at once
 * instead of running into its deadline. A mere DHCP packet leaves nothing, unless nothing can be served.
 */
export async function recordBoot(
  db: Database,
  request: BootRequest,
  machine: BootMachine | null,
  { decision, failure }: { decision: BootDecision; failure: Failure | null },
  { clock, rack }: RecordOptions,
): Promise<void> {
  if (request.stage !== "script" && failure === null) return;
  await db.transaction().execute(async (tx) => {
    const now = clock.now();
    const subject = request.mac ?? machine?.id ?? "unknown";
    await sql`select pg_advisory_xact_lock(hashtextextended(${`boot ${subject}`}, 0))`.execute(tx);
    if (await recorded(tx, request, machine, decision, now)) return;
    await appendEvent(tx, {
      type: "boot.decided",
      level: failure === null ? "info" : "error",
      at: now,
      machine_id: machine?.id ?? null,
      mac: request.mac,
      rack,
      actor: "machine",
      message: decision.rule,
      data: {
        purpose: decision.purpose,
        rule: decision.rule,
        status: machine?.status ?? null,
        client: request.client,
        firmware: firmwareOf(request),
        architecture: decision.architecture,
        kernel: decision.kernel?.sha256 ?? null,
      },
      failure,
    });
    if (machine !== null) await recordMachine(tx, request, machine, decision.purpose, failure, now);
  });
}

async function recorded(
  tx: Transaction,
  request: BootRequest,
  machine: BootMachine | null,
  decision: BootDecision,
  now: Date,
): Promise<boolean> {
  const last = await tx
    .selectFrom("events")
    .select((eb) => [eb.ref("data", "->>").key("rule").as("rule"), eb.ref("data", "->>").key("status").as("status")])
    .where("type", "=", "boot.decided")
    .where("at", ">", new Date(now.getTime() - oneBootSeconds * 1000))
    .$if(request.mac !== null, (query) => query.where("mac", "=", request.mac))
    .$if(request.mac === null, (query) => query.where("mac", "is", null).where("machine_id", "is", machine?.id ?? null))
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return last !== undefined && last.rule === decision.rule && last.status === (machine?.status ?? null);
}

async function recordMachine(
  tx: Transaction,
  request: BootRequest,
  machine: BootMachine,
  purpose: BootPurpose,
  failure: Failure | null,
  now: Date,
): Promise<void> {
  const firmware = firmwareOf(request);
  const current = await tx
    .selectFrom("machines")
    .selectAll()
    .where("id", "=", machine.id)
    .forUpdate()
    .executeTakeFirst();
  // The decision was made before the lock: what came over the machine since has nothing to do with this boot.
  if (current === undefined || current.status !== machine.status || orderOf(current) !== orderOf(machine)) return;
  // A UUID alone is easily forged, so a card it brought along counts only while no user's secret is at stake.
  const cardCounts = request.mac !== null && (machine.byMac || machine.status === "commissioning");
  const learnt = { ...(cardCounts && { boot_mac: request.mac }), ...(firmware !== null && { firmware }) };
  if (Object.keys(learnt).length > 0) {
    await tx.updateTable("machines").set(learnt).where("id", "=", machine.id).execute();
  }
  if (!waitsForBoot.includes(machine.status) || purpose === "poweroff") return;
  if (failure === null) await touch(tx, machine.id, now, waitsAfter(purpose));
  else await fire(tx, { machineId: machine.id, trigger: failedBoot(orderOf(machine)), actor: "region", failure, now });
}

/** Statuses that wait for the machine to boot. */
const waitsForBoot: readonly MachineStatus[] = [
  "commissioning",
  "testing",
  "deploying",
  "releasing",
  "disk erasing",
  "entering rescue mode",
];

function waitsAfter(purpose: BootPurpose): string {
  if (purpose === "local") return "the installed system to start and ask for its user data";
  return purpose === "memory" ? "the system in memory to start and ask for its user data" : "the agent to start";
}

/** What it means for the machine's life that it cannot boot what it was ordered to. */
function failedBoot(order: Order) {
  switch (order) {
    case "commission":
      return "commission-failed" as const;
    case "test":
      return "tests-failed" as const;
    case "release":
      return "scripts-failed" as const;
    case "rescue":
      return "rescue-failed" as const;
    case "install":
    case "memory":
    case "local":
    case "poweroff":
      return "install-failed" as const;
  }
}

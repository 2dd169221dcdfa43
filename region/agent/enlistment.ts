import { machineIdentityTaken, makeFailure } from "@rackwright/contract";
import type { EnlistAnswer, EnlistRequest } from "@rackwright/contract";
import type { Database, Transaction } from "../database/pool.ts";
import { Denied } from "../errors.ts";
import { type Enlisted, enlistMachine } from "../machines/enlist.ts";
import { findMachineByMac } from "../machines/identity.ts";
import { fire, lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { credentialsFor, recordDenied } from "../metadata/access.ts";
import { prepareScripts } from "../scripts/index.ts";
import { readSettings } from "../settings/settings.ts";

/**
 * Makes a machine known that introduces itself. `mac` is the card that holds the sender's address by a lease: an
 * anonymous sender may speak for that card only, and takes over a machine on record only when the card is already the
 * machine's, or when the machine is new and so has nothing to lose.
 *
 * @throws Denied 403
 */
export async function enlist(
  db: Database,
  request: EnlistRequest,
  { mac, now }: { mac: string | null; now: Date },
): Promise<EnlistAnswer> {
  if (mac === null || !request.interfaces.some((card) => card.mac === mac)) {
    throw new Denied(
      "Only a machine itself can enlist, from the address one of its network cards has a lease for.",
      403,
      {
        next: "Boot the machine over the network of a rack that serves DHCP.",
      },
    );
  }
  try {
    return await db.transaction().execute(async (tx) => {
      const holder = await findMachineByMac(tx, mac);
      const found = await enlistMachine(tx, request, { now });
      const own = found.created || holder?.id === found.machineId || found.status === "new";
      // Thrown, so that what the stranger said of the machine is undone.
      if (!own) throw new NotItsMachine(found);
      return welcome(tx, found, now);
    });
  } catch (error) {
    if (!(error instanceof NotItsMachine)) throw error;
    const { machineId, hostname, status } = error.found;
    const message = `${mac} enlisted with network cards, UUID or BMC of ${hostname}, which is ${status}: nothing was given or changed`;
    const failure = makeFailure(machineIdentityTaken, `${message}.`, identityOf(request, mac));
    await recordDenied(db, machineId, mac, message, now, failure);
    return { system_id: machineId, hostname, credentials: null, next: "poweroff" };
  }
}

/** What a sender said of itself, as evidence. */
function identityOf({ uuid, serial, interfaces, bmc }: EnlistRequest, mac: string): string[] {
  const cards = interfaces.slice(0, 20).map((card) => card.mac);
  return [
    `asked from the address leased to ${mac}`,
    `network cards ${cards.join(", ")}`,
    `UUID ${uuid ?? "none"}, serial number ${serial ?? "none"}`,
    `BMC at ${bmc?.parameters["power_address"] ?? "no known address"}`,
  ];
}

class NotItsMachine extends Error {
  readonly found: Enlisted;

  constructor(found: Enlisted) {
    super(`the sender is not known as ${found.machineId}`);
    this.found = found;
  }
}

async function welcome(tx: Transaction, found: Enlisted, now: Date): Promise<EnlistAnswer> {
  const { machineId, hostname, status } = found;
  const known = { system_id: machineId, hostname };
  const { enlist: afterwards } = await readSettings(tx);
  if (status === "new" && afterwards === "commission") {
    await fire(tx, { machineId, trigger: "commission", actor: "region", alreadyRunning: true, now });
    const { inventory, installed } = await lockMachine(tx, machineId);
    const machine = { id: machineId, hostname, status, inventory, installed };
    for (const type of ["commissioning", "testing"] as const)
      await prepareScripts(tx, { machine, type, requestedBy: "region", now });
  } else if (status !== "commissioning") return { ...known, credentials: null, next: "poweroff" };
  await touch(tx, machineId, now, "the agent to report its next step");
  return { ...known, credentials: await credentialsFor(tx, machineId, now), next: "task" };
}

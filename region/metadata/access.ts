import type { Credentials, Failure } from "@rackwright/contract";
import type { Life } from "../boot/orders.ts";
import type { Clock } from "../clock.ts";
import type { Database, Transaction } from "../database/pool.ts";
import { Denied, NotFound } from "../errors.ts";
import { appendEvent } from "../events/append.ts";
import { readCredentials, renewCredentials } from "../machines/credentials.ts";
import { lockMachine } from "../machines/fire.ts";
import { type Client, leasedMac } from "./client.ts";
import { parseOAuthHeader, signedWith } from "./oauth.ts";

/** The machine whose credentials a request carries. */
export type MachineIdentity = Life & {
  id: string;
  hostname: string;
  owner_id: number | null;
  operator_id: number | null;
  keep_on: boolean;
};

/**
 * The machine that signed the request. Machines are known by their token alone, never by their address.
 *
 * @throws Denied 401 when the header is missing, malformed or was made with other credentials
 */
export async function authenticateMachine(db: Database, header: string | undefined): Promise<MachineIdentity> {
  const given = parseOAuthHeader(header);
  if (given === null) {
    throw new Denied("This needs the machine's OAuth 1.0a PLAINTEXT credentials in the Authorization header.", 401, {
      next: "A machine gets them with its boot; boot it again over the network.",
    });
  }
  const row = await db
    .selectFrom("machine_credentials as c")
    .innerJoin("machines as m", "m.id", "c.machine_id")
    .select(["m.id", "m.hostname", "m.status", "m.netboot", "m.installed", "m.ephemeral", "m.patience"])
    .select(["m.owner_id", "m.operator_id", "m.keep_on"])
    .select(["c.consumer_key", "c.token_key", "c.token_secret"])
    .where("c.token_key", "=", given.token)
    .executeTakeFirst();
  if (row === undefined || !signedWith(given, row)) {
    throw new Denied("These credentials are not, or no longer, those of a machine.", 401, {
      next: "They change with every commissioning and deployment; boot the machine again over the network.",
    });
  }
  const { consumer_key: _key, token_key: _token, token_secret: _secret, ...machine } = row;
  return machine;
}

/** The machine's credentials, made when it has none. */
export async function credentialsFor(tx: Transaction, machineId: string, now: Date): Promise<Credentials> {
  return (await readCredentials(tx, machineId)) ?? renewCredentials(tx, machineId, now);
}

/**
 * Lets a request without credentials pass only when it comes from the machine itself: from the address that a network
 * card of that machine holds by a lease at this moment. While it is commissioned, and so holds no secret of a user, the
 * card it netbooted from counts too, even when it is not on record yet.
 *
 * @throws Denied 403, and leaves an event with the machine
 */
export async function requireOwnLease(
  db: Database,
  client: Client,
  machineId: string,
  what: string,
  clock: Clock,
): Promise<void> {
  const now = clock.now();
  const machine = await db
    .selectFrom("machines")
    .select(["id", "status", "boot_mac"])
    .where("id", "=", machineId)
    .executeTakeFirst();
  if (machine === undefined) throw new NotFound(`There is no machine ${machineId}.`);
  const mac = await leasedMac(db, client.address, now);
  if (mac !== null) {
    if (machine.status === "commissioning" && machine.boot_mac === mac) return;
    const own = await db
      .selectFrom("interfaces")
      .select("id")
      .where("machine_id", "=", machineId)
      .where("mac", "=", mac)
      .executeTakeFirst();
    if (own !== undefined) return;
  }
  const holder = mac === null ? "which no network card has a lease for" : `which ${mac} has a lease for`;
  await recordDenied(
    db,
    machineId,
    mac,
    `${what} was refused to ${client.address ?? "an unknown address"}, ${holder}`,
    now,
  );
  throw new Denied(`Only the machine itself may ask for this, from the address its network card has a lease for.`);
}

const quietSeconds = 60;

/** Adds `metadata.denied`, at most once a minute for a machine: a stranger must not fill the event stream. */
export async function recordDenied(
  db: Database,
  machineId: string,
  mac: string | null,
  message: string,
  now: Date,
  failure: Failure | null = null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockMachine(tx, machineId);
    const last = await tx
      .selectFrom("events")
      .select("id")
      .where("machine_id", "=", machineId)
      .where("type", "=", "metadata.denied")
      .where("at", ">", new Date(now.getTime() - quietSeconds * 1000))
      .limit(1)
      .executeTakeFirst();
    if (last !== undefined) return;
    await appendEvent(tx, {
      type: "metadata.denied",
      level: "warning",
      at: now,
      machine_id: machineId,
      mac,
      actor: "machine",
      message,
      failure,
    });
  });
}

import { linkModes } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { Transaction } from "../database/pool.ts";
import type { LinkMode } from "../database/tables/interfaces.ts";
import { OutsideDown } from "../errors.ts";
import { readStored } from "../settings/stored.ts";
import { pickAddress } from "./pick-address.ts";

/** One machine, or several that are looked after with as many queries as one. */
type Machines = string | readonly string[];

const ofMachines = (machines: Machines): RawBuilder<boolean> =>
  sql<boolean>`i.machine_id = any(${typeof machines === "string" ? [machines] : machines}::text[])`;

/** Interfaces nobody has set up: physical ones of the machines. */
const untouched = (machines: Machines): RawBuilder<boolean> =>
  sql<boolean>`${ofMachines(machines)} and i.type = 'physical' and not i.configured
    and not exists (select from interface_parents p where p.parent_id = i.id)`;

/** Subnets in which an interface was seen: by an address it had while the machine was looked at, or by its lease. */
const sightings = (machines: Machines) => sql`
  select i.id, s.id as subnet_id, s.vlan_id from interfaces i
  cross join lateral (
    select seen::inet as address from unnest(i.seen) as seen
    -- by the subnets: leases are found by subnet and card
    union select l.address from subnets z join leases l on l.subnet_id = z.id
      where l.mac = i.mac and l.state <> 'declined' and l.state = 'leased'
  ) as a
  join subnets s on a.address <<= s.cidr
  where ${untouched(machines)}`;

/**
 * Gives the cards of machines that nobody has set up the VLAN in which they were seen. What an operator decided stays.
 */
export async function placeInterfaces(tx: Transaction, machines: Machines): Promise<void> {
  await sql`
    update interfaces set vlan_id = found.vlan_id
    from (select distinct on (id) id, vlan_id from (${sightings(machines)}) as seen order by id, subnet_id) as found
    where interfaces.id = found.id and interfaces.vlan_id is distinct from found.vlan_id`.execute(tx);
}

const modes = z.enum(linkModes).catch("auto");

/**
 * Links the cards of commissioned machines that nobody has set up: the one a machine boots from to each subnet it was
 * seen in, in the way given or else the setting `default_boot_interface_link_type` says, or by whatever DHCP there is;
 * others that are connected are brought up. Links that are right already keep their ids.
 */
export async function linkByDefault(tx: Transaction, machines: Machines, now: Date, given?: LinkMode): Promise<void> {
  const mode = given ?? modes.parse(await readStored(tx, "default_boot_interface_link_type"));
  // A card that was seen nowhere can only ask.
  const alone = mode === "link_up" ? mode : "dhcp";
  await sql`
    with boot as (
      select distinct on (m.id) m.id as machine_id, i.id from interfaces i join machines m on m.id = i.machine_id
      where ${ofMachines(machines)} and i.type = 'physical'
      order by m.id, i.mac = m.boot_mac desc nulls last, i.id
    ), seen as (
      select distinct id, subnet_id from (${sightings(machines)}) as sightings
    ), wanted as (
      select i.id as interface_id,
        case when i.id <> boot.id then 'link_up' when seen.subnet_id is null then ${alone} else ${mode} end as mode,
        case when i.id = boot.id and ${mode} <> 'link_up' then seen.subnet_id end as subnet_id
      from interfaces i join boot on boot.machine_id = i.machine_id
        left join seen on seen.id = i.id and i.id = boot.id
      where ${untouched(machines)} and i.enabled and (i.id = boot.id or i.vlan_id is not null)
    ), gone as (
      delete from interface_links l using interfaces i
      where l.interface_id = i.id and ${untouched(machines)} and not exists (
        select from wanted w where w.interface_id = l.interface_id and w.mode = l.mode
          and w.subnet_id is not distinct from l.subnet_id)
    )
    insert into interface_links (interface_id, mode, subnet_id)
    select interface_id, mode, subnet_id from wanted w
    where not exists (select from interface_links l where l.interface_id = w.interface_id and l.mode = w.mode
      and l.subnet_id is not distinct from w.subnet_id)
    order by interface_id, subnet_id`.execute(tx);
  if (mode === "static") await fixAddresses(tx, machines, now);
}

/** Gives fixed links without an address one; where a subnet has none left, it is picked with the deployment. */
async function fixAddresses(tx: Transaction, machines: Machines, now: Date): Promise<void> {
  const { rows } = await sql<{ id: number; subnet_id: number }>`
    select l.id, l.subnet_id from interface_links l join interfaces i on i.id = l.interface_id
    where ${untouched(machines)} and l.mode = 'static' and l.ip_address_id is null order by l.id`.execute(tx);
  for (const { id, subnet_id } of rows) {
    const address = await pickAddress(tx, subnet_id, now).catch((error: unknown) => {
      if (error instanceof OutsideDown) return null;
      throw error;
    });
    if (address === null) {
      await tx.updateTable("interface_links").set({ mode: "auto" }).where("id", "=", id).execute();
      continue;
    }
    const made = await tx
      .insertInto("ip_addresses")
      .values({ address, subnet_id, kind: "static", created_at: now, updated_at: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.updateTable("interface_links").set({ ip_address_id: made.id }).where("id", "=", id).execute();
  }
}

/** Forgets what was set up by hand, bonds and bridges too, and links the cards as after commissioning. */
export async function restoreInterfaces(tx: Transaction, machineId: string, now: Date): Promise<void> {
  await tx.deleteFrom("interfaces").where("machine_id", "=", machineId).where("type", "<>", "physical").execute();
  await sql`
    delete from interface_links l using interfaces i
    where l.interface_id = i.id and i.machine_id = ${machineId}`.execute(tx);
  await sql`
    update interfaces set configured = false, enabled = true, mtu = null, params = '{}', vlan_id = null
    where machine_id = ${machineId}`.execute(tx);
  await placeInterfaces(tx, machineId);
  await linkByDefault(tx, machineId, now);
}

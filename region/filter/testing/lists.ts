import type { Database } from "../../database/pool.ts";
import { seedAddresses } from "./addresses.ts";
import { seedDns } from "./dns.ts";
import { seedDevices, seedMachines } from "./machines.ts";
import { seedPeople } from "./people.ts";
import { seedPlaces } from "./places.ts";
import { seedScripts } from "./scripts.ts";
import { sowerOf } from "./sower.ts";
import { seedStored } from "./stored.ts";

/**
 * Puts rows with random values, and without, into every list, so that filters find some of them. Returns what names the
 * things whose parts are lists of their own: a machine, a script, a boot source and a webhook.
 */
export async function seedLists(
  db: Database,
  seed: number,
): Promise<{ machine: string; script: string; source: string; hook: string }> {
  const sower = sowerOf(db, seed);
  const { zones, pools, subnets } = await seedPlaces(sower);
  const { people, root } = await seedPeople(db, sower, pools);
  const fixed = await seedAddresses(sower, subnets, people);
  const domains = await seedDns(sower);
  const machine = await seedMachines(db, sower);
  await seedDevices(sower, { machine, domains, zones, people, fixed });
  await seedScripts(sower, machine);
  return { machine, script: "script-0", ...(await seedStored(sower, { machine, root })) };
}

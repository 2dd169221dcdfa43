import type { EnlistAnswer } from "@rackwright/contract";
import { detectBmc } from "./bmc.ts";
import { architectureOf, readFirmware } from "./inventory/index.ts";
import { readDmi } from "./inventory/dmi.ts";
import { readInterfaces } from "./inventory/interfaces.ts";
import { readPci } from "./inventory/pci.ts";
import type { Rack } from "./rack.ts";
import type { World } from "./world.ts";

/**
 * Makes this machine known: architecture, firmware, identity, network cards and the address of its BMC. No account is
 * made on the BMC yet, that is commissioning's part.
 */
export async function enlist(world: World, rack: Rack): Promise<EnlistAnswer> {
  const pci = await readPci(world);
  const dmi = await readDmi(world);
  const bmc = await detectBmc(world);
  return rack.enlist({
    architecture: architectureOf((await world.run(["uname", "-m"], { timeoutSeconds: 10 })).output),
    firmware: await readFirmware(world),
    uuid: dmi.system_uuid,
    serial: dmi.system_serial,
    interfaces: await readInterfaces(world, new Map(pci.map((device) => [device.address, device]))),
    bmc: bmc ? { driver: "ipmi", parameters: { power_address: bmc.address } } : null,
  });
}

import type { Credentials, InstallPlan, Inventory, NetworkInterface } from "@rackwright/contract";
import { joinOptions, kernelOptions } from "../boot/command-line.ts";
import { installedSeed } from "../metadata/seed.ts";
import { FailureError } from "../errors.ts";
import { type DeployableImage, checkDeployable, firmwareOf, rootImage } from "./disks.ts";
import { storageActions } from "./layout.ts";
import type { Storage } from "./model.ts";

/** What a plan is made of. */
export type PlanInput = {
  machine: {
    id: string;
    hostname: string;
    boot_mac: string | null;
    inventory: Inventory | null;
  };
  /** How its disks shall be used. */
  storage: Storage;
  image: DeployableImage;
  /** The rack the installed system asks for its settings: `http://10.0.0.1:5248`. */
  rack: string;
  credentials: Credentials;
  /** Kernel options of the machine's tags. */
  tagOptions?: string;
  /** As the machine's interfaces are set up; null or left out: the card it boots from asks for an address. */
  network?: InstallPlan["network"] | null;
};

/** The network card to configure: the one booted from, else one with a link, else the first. */
function bootInterface(inventory: Inventory, bootMac: string | null): NetworkInterface | undefined {
  const { interfaces } = inventory;
  return (
    interfaces.find((card) => card.mac === bootMac) ??
    interfaces.find((card) => card.boot) ??
    interfaces.find((card) => card.link) ??
    interfaces[0]
  );
}

/** The network configuration of a deployed machine (version 2): its boot interface asks for an address. */
function networkOf(card: NetworkInterface): InstallPlan["network"] {
  return {
    version: 2,
    ethernets: { [card.name]: { match: { macaddress: card.mac }, dhcp4: true, "dhcp-identifier": "mac" } },
  };
}

/** The network as the machine is configured to have it; null while its network cards are not known. */
export function configuredNetwork(
  machine: Pick<PlanInput["machine"], "inventory" | "boot_mac">,
): InstallPlan["network"] | null {
  const card = machine.inventory === null ? undefined : bootInterface(machine.inventory, machine.boot_mac);
  return card === undefined ? null : networkOf(card);
}

/**
 * Everything the agent needs to put the image on the machine's disk. Pure: the same deployment gives the same plan.
 * Throws FailureError when it cannot be done, which `checkDeployable` tells beforehand.
 */
export function installPlan(input: PlanInput): InstallPlan {
  const { machine, storage, image, rack, credentials, tagOptions = "", network = null } = input;
  const { inventory } = machine;
  const problem = checkDeployable(inventory, storage, image);
  if (problem !== null) throw new FailureError(problem);
  const source = rootImage(image);
  const card = inventory === null ? undefined : bootInterface(inventory, machine.boot_mac);
  if (inventory === null || source === null || card === undefined) {
    throw new Error("checkDeployable let an impossible plan through");
  }
  const firmware = firmwareOf(inventory, storage);
  return {
    firmware,
    hostname: machine.hostname,
    source: {
      type: "squashfs",
      image: image.name,
      path: `/images/${source.sha256}/squashfs`,
      sha256: source.sha256,
      size: source.size,
    },
    storage: { version: 1, config: storageActions(storage, inventory, firmware) },
    network: network ?? networkOf(card),
    write_files: installedSeed({ rack, machineId: machine.id, credentials }),
    kernel_options: joinOptions(kernelOptions(inventory.architecture), tagOptions),
  };
}

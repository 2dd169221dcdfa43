import { type SeedInput, cloudInitKeys, installedKeys, yaml } from "./seed.ts";
import { stayFile } from "./userdata.ts";

/** Versions of the metadata service that clients ask for. */
export const versions = ["latest", "2012-03-01"] as const;

/** What the installed system gets when its owner gave no user data. */
export const emptyUserData = "#cloud-config\n{}\n";

/** cloud-init's vendor data: a map with the key `cloud-init`. */
export const vendorData = yaml({ "cloud-init": "#cloud-config\n{}\n" });

/** Powers off what the agent, who does that itself, could not. */
const lastResort = (seconds: number): Record<string, unknown> => ({
  power_state: { delay: "now", mode: "poweroff", timeout: seconds, condition: `test ! -e ${stayFile}` },
});

/**
 * The cloud-config of a known machine's ephemeral system: where its metadata is, who it is, where to report.
 * cloud-init only has to start the agent, so nothing else is in it, but the image's user for somebody who logs in.
 * A machine in rescue mode is never switched off from within.
 */
export function taskPreseed(input: SeedInput, { login, stays }: { login: boolean; stays: boolean }): string {
  const config = {
    ...cloudInitKeys(input),
    ...(login && { users: ["default"] }),
    ...(stays ? {} : lastResort(7200)),
  };
  return `#cloud-config\n${yaml(config)}`;
}

/**
 * The cloud-config of a deployed image that runs from memory. It holds what an installation would have left on the disk,
 * and comes with each boot before the network is configured.
 */
export function memoryPreseed(input: SeedInput, network: Record<string, unknown> | null): string {
  return `#cloud-config\n${yaml({ ...installedKeys(input), ...(network !== null && { network }) })}`;
}

/**
 * The cloud-config of a system without an identity: a machine that enlists, or one that has nothing to do. `kind` is
 * the anonymous flavour of the metadata service that it uses.
 */
export function anonymousPreseed(rack: string, kind: "enlist" | "poweroff"): string {
  const datasource = { MAAS: { metadata_url: `${rack}/MAAS/metadata/${kind}/` } };
  return `#cloud-config\n${yaml({ datasource, ...lastResort(1800) })}`;
}

/** The documents of an anonymous flavour below `meta-data/`. */
export function anonymousMetaData(kind: "enlist" | "poweroff"): Record<string, string> {
  return {
    "instance-id": `i-rackwright-${kind}`,
    "local-hostname": `rackwright-${kind}`,
    "public-keys": "",
    "vendor-data": vendorData,
  };
}

import { type SeedInput, cloudInitKeys, yaml } from "./seed.ts";
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
 * cloud-init only has to start the agent, so nothing else is in it.
 */
export function taskPreseed(input: SeedInput): string {
  return `#cloud-config\n${yaml({ ...cloudInitKeys(input), ...lastResort(7200) })}`;
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

import type { Credentials, InstallPlan } from "@rackwright/contract";

export type SeedInput = {
  /** `http://10.0.0.1:5248` */
  rack: string;
  machineId: string;
  credentials: Credentials;
};

/** JSON is YAML: every string stays a string for every YAML reader. */
export function yaml(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The keys by which cloud-init's MAAS datasource and its webhook reporter find and identify themselves to a rack. */
export function cloudInitKeys({ rack, machineId, credentials }: SeedInput): Record<string, unknown> {
  const { consumer_key, token_key, token_secret } = credentials;
  const identity = { consumer_key, token_key, token_secret };
  return {
    datasource: { MAAS: { metadata_url: `${rack}/MAAS/metadata/`, ...identity } },
    reporting: {
      rackwright: { type: "webhook", endpoint: `${rack}/MAAS/metadata/status/${machineId}`, ...identity },
    },
  };
}

/** The keys of cloud-init's configuration in a deployed system. */
export function installedKeys(input: SeedInput): Record<string, unknown> {
  return { datasource_list: ["MAAS"], manage_etc_hosts: true, ...cloudInitKeys(input) };
}

/** The files by which the installed system's cloud-init finds its settings: readable by root alone. */
export function installedSeed(input: SeedInput): InstallPlan["write_files"] {
  return [
    {
      path: "/etc/cloud/cloud.cfg.d/90_rackwright_datasource.cfg",
      content: yaml(installedKeys(input)),
      permissions: "0600",
    },
    {
      // cloud-init's ds-identify reads the list with a shell program that knows this one spelling only.
      path: "/etc/cloud/cloud.cfg.d/91_rackwright_datasource_list.cfg",
      content: "datasource_list: [ MAAS ]\n",
      permissions: "0644",
    },
  ];
}

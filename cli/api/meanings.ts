/**
 * What the nouns of the API are, for those that have no command made by hand: by their whole path, or by the last word
 * alone for those below several.
 */
export const meanings: Readonly<Record<string, string>> = {
  "boot-sources": "streams of images in the simplestreams format, and what is selected of them",
  devices: "machines and things that are known and not provisioned: printers, routers, virtual machines",
  discoveries: "cards that were seen with an address on our networks",
  "dns-records": "records of names that are no addresses: CNAME, MX, TXT …; see dns-resources",
  "dns-resources": "names in DNS with their addresses and records",
  domains: "DNS domains machines and devices are named in",
  fabrics: "switches that are connected: a VLAN tag means one network within a fabric",
  "ip-addresses": "addresses that are set aside, and those of interfaces",
  "ip-ranges": "parts of subnets: dynamic for DHCP, or reserved for others",
  "ldap-servers": "LDAP servers whose users may log in",
  leases: "addresses DHCP gave out",
  "license-keys": "keys for what is deployed and needs one, such as Windows",
  notifications: "what the region says to users",
  "oidc-providers": "OpenID Connect providers whose users may log in",
  "package-repositories": "where deployed systems get their packages",
  "reserved-ips": "addresses that DHCP keeps for one network card",
  results: "results of scripts by their numbers; 'machines results' lists them",
  self: "who the region takes you for, and what you may",
  sessions: "your sessions in browsers",
  spaces: "groups of VLANs that may speak to each other",
  "static-routes": "routes that machines on a subnet get to another one",
  tokens: "your API keys",
  "users sessions": "a user's sessions in browsers",
  "users tokens": "a user's API keys",
  twins: "machines of one model that differ; see 'machines twins'",
  vlans: "VLANs of fabrics, and whether DHCP serves them",
  webhooks: "where events are told to other programs",
  "* interfaces": "network cards, bonds, bridges and VLANs, and the subnets they are linked to",
  "machines storage": "how disks are partitioned and formatted at the next deployment",
  "* links": "links of an interface to subnets, with or without an address",
  "* deliveries": "what was told to a webhook, and what came of it",
  "* selections": "releases that are taken of a boot source",
  "machines inventories": "what commissionings found, wherever it was not as before",
  "machines storage devices": "disks, and what arrays and logical volumes make of them",
  "machines storage groups": "volume groups, arrays, bcaches and datastores",
  "machines storage cache-sets": "devices that are caches of others",
  "machines storage special-filesystems": "filesystems in memory",
  "* partitions": "partitions of a disk",
  "* volumes": "logical volumes of a volume group",
  "* records": "records of a name that are no addresses: CNAME, MX, TXT …",
  "* filesystem": "what a disk or partition is formatted with, and where it is mounted",
};

/** What lists with many fields show of them; `--json` has all. */
export const columns: Readonly<Record<string, readonly string[]>> = {
  "* interfaces": ["id", "name", "type", "mac", "vlan", "links", "parents", "mtu", "enabled"],
  "boot-sources": ["id", "name", "url", "priority", "enabled", "updated_at"],
  devices: ["id", "fqdn", "zone", "owner", "parent", "interfaces", "description"],
  notifications: ["id", "category", "text", "user", "created_at"],
  "package-repositories": ["id", "name", "url", "distributions", "components", "arches", "enabled"],
  "license-keys": ["osystem", "distro_series", "license_key"],
  webhooks: ["id", "url", "types", "level", "filter", "enabled", "description"],
  "oidc-providers": ["name", "title", "issuer", "client_id", "enabled"],
  "ldap-servers": ["name", "url", "start_tls", "user_base", "enabled"],
};

/** The same of lists within one thing, by the field that holds them. */
export const columnsWithin: Readonly<Record<string, readonly string[]>> = {
  devices: ["id", "name", "kind", "size", "available", "used_for", "model", "serial", "partitions"],
  groups: ["id", "kind", "name", "size", "available", "members", "devices"],
  interfaces: ["id", "name", "type", "mac", "vlan", "links", "parents", "mtu", "enabled"],
};

/** Routes that commands made by hand cover better: their own commands work, and are left out of help and completion. */
export const done: ReadonlySet<string> = new Set([
  "groups members",
  "machines bulk",
  "machines events",
  "machines explanation",
  "machines filter",
  "machines inventory-changes",
  "scripts create",
  "scripts text",
  "scripts versions",
  "sessions create",
  "settings update",
  "ssh-keys create",
  "tags machines",
  "twins",
]);

/** Kinds of things, in the order in which they can be made: what is named comes before who names it. */
export const nounNames = [
  "zones",
  "pools",
  "groups",
  "tags",
  "spaces",
  "fabrics",
  "vlans",
  "subnets",
  "ip-ranges",
  "reserved-ips",
  "static-routes",
  "domains",
  "dns-resources",
  "package-repositories",
  "boot-sources",
] as const;
export type NounName = (typeof nounNames)[number];

/** A field that names another thing: by its key in the document, by its id in the API. */
export type Reference = { readonly as: string; readonly noun: NounName };

/** What `export`, `diff` and `apply` know of a kind of thing. Its fields are those of the API's own bodies. */
export type Noun = {
  readonly path: string;
  /** Fields of the document that together name one of them. */
  readonly key: readonly string[];
  /** The field by which the API's path names one. */
  readonly address: "id" | "name";
  readonly references?: Readonly<Record<string, Reference>>;
  /** Fields that are told elsewhere, or are not the site's. */
  readonly left?: readonly string[];
  /** Fields that need things which come later: set once everything is there. */
  readonly late?: readonly string[];
  /** A part that each has from the start: its kind, the field that names its whole, and the end of its key. */
  readonly brings?: { readonly noun: NounName; readonly by: string; readonly key: string };
  /** Keys of those that always exist. */
  readonly fixed?: readonly string[];
};

const nouns: Readonly<Record<NounName, Noun>> = {
  zones: { path: "/api/v1/zones", key: ["name"], address: "name", fixed: ["default"] },
  pools: { path: "/api/v1/pools", key: ["name"], address: "name", fixed: ["default"] },
  groups: { path: "/api/v1/groups", key: ["name"], address: "name" },
  tags: { path: "/api/v1/tags", key: ["name"], address: "name" },
  spaces: { path: "/api/v1/spaces", key: ["name"], address: "id" },
  fabrics: {
    path: "/api/v1/fabrics",
    key: ["name"],
    address: "id",
    fixed: ["fabric-0"],
    brings: { noun: "vlans", by: "fabric_id", key: "0" },
  },
  vlans: {
    path: "/api/v1/vlans",
    key: ["fabric", "vid"],
    address: "id",
    references: {
      fabric_id: { as: "fabric", noun: "fabrics" },
      space_id: { as: "space", noun: "spaces" },
      relay_vlan_id: { as: "relay_vlan", noun: "vlans" },
    },
    late: ["dhcp", "primary_rack", "secondary_rack", "relay_vlan"],
  },
  subnets: {
    path: "/api/v1/subnets",
    key: ["cidr"],
    address: "id",
    references: { vlan_id: { as: "vlan", noun: "vlans" } },
    left: ["dhcp", "dynamic_ranges"],
  },
  "ip-ranges": {
    path: "/api/v1/ip-ranges",
    key: ["first", "last"],
    address: "id",
    references: { subnet_id: { as: "subnet", noun: "subnets" } },
    left: ["owner"],
  },
  "reserved-ips": {
    path: "/api/v1/reserved-ips",
    key: ["address"],
    address: "id",
    references: { subnet_id: { as: "subnet", noun: "subnets" } },
  },
  "static-routes": {
    path: "/api/v1/static-routes",
    key: ["source", "destination", "gateway"],
    address: "id",
    references: {
      source_id: { as: "source", noun: "subnets" },
      destination_id: { as: "destination", noun: "subnets" },
    },
  },
  domains: { path: "/api/v1/domains", key: ["name"], address: "id", fixed: ["maas"] },
  "dns-resources": {
    path: "/api/v1/dns-resources",
    key: ["name", "domain"],
    address: "id",
    references: { domain_id: { as: "domain", noun: "domains" } },
  },
  "package-repositories": {
    path: "/api/v1/package-repositories",
    key: ["name"],
    address: "id",
    fixed: ["main_archive", "ports_archive"],
  },
  "boot-sources": { path: "/api/v1/boot-sources", key: ["url"], address: "id" },
};

/** What is known of a kind of thing. */
export function nounOf(name: NounName): Noun {
  return nouns[name];
}

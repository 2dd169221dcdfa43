import type { Json } from "./tables/columns.ts";
import type {
  MachinesTable,
  MachineCredentialsTable,
  AgentRunsTable,
  InventoriesTable,
  PhaseTimesTable,
} from "./tables/machines.ts";
import type {
  UsersTable,
  SshKeysTable,
  SslKeysTable,
  TokensTable,
  SessionsTable,
  GroupsTable,
  GroupMembersTable,
  GrantsTable,
  IdentitiesTable,
  LoginFailuresTable,
  OidcProvidersTable,
  OidcLoginsTable,
  LdapServersTable,
} from "./tables/users.ts";
import type {
  InterfacesTable,
  InterfaceParentsTable,
  InterfaceLinksTable,
  DevicesTable,
  DiscoveryClearingsTable,
} from "./tables/interfaces.ts";
import type { DomainsTable, DnsResourcesTable, DnsResourceAddressesTable, DnsRecordsTable } from "./tables/dns.ts";
import type { RacksTable } from "./tables/racks.ts";
import type {
  FabricsTable,
  SpacesTable,
  VlansTable,
  SubnetsTable,
  IpRangesTable,
  StaticRoutesTable,
  ReservedIpsTable,
  IpAddressesTable,
  LeasesTable,
} from "./tables/networks.ts";
import type {
  ImagesTable,
  BootSourcesTable,
  BootSourceSelectionsTable,
  CustomImagesTable,
  ImageUploadsTable,
  ImageSyncProgressTable,
} from "./tables/images.ts";
import type {
  NotificationsTable,
  NotificationDismissalsTable,
  PackageRepositoriesTable,
  LicenseKeysTable,
  FilesTable,
} from "./tables/stored.ts";
import type {
  ScriptTextsTable,
  ScriptsTable,
  ScriptVersionsTable,
  ScriptSetsTable,
  ScriptResultsTable,
  ScriptStreamsTable,
  ScriptOutputTable,
} from "./tables/scripts.ts";
import type { EventsTable } from "./tables/events.ts";
import type { IdempotencyKeysTable, WebhooksTable, WebhookDeliveriesTable } from "./tables/api.ts";
import type { ZonesTable, PoolsTable } from "./tables/places.ts";
import type { TagsTable, MachineTagsTable, MachineLshwTable, TagQueueTable } from "./tables/tags.ts";
import type { NodeDevicesTable, RegionsTable } from "./tables/controllers.ts";
import type {
  BlockDevicesTable,
  FilesystemsTable,
  MachineStorageTable,
  StorageTextsTable,
  PartitionsTable,
  StorageCacheSetsTable,
  StorageGroupsTable,
} from "./tables/storage.ts";

export interface SettingsTable {
  name: string;
  value: Json<unknown>;
}

/** The schema of `migrations/`, by hand; a test compares it with information_schema. */
export interface Tables {
  settings: SettingsTable;
  users: UsersTable;
  ssh_keys: SshKeysTable;
  ssl_keys: SslKeysTable;
  tokens: TokensTable;
  sessions: SessionsTable;
  groups: GroupsTable;
  group_members: GroupMembersTable;
  grants: GrantsTable;
  identities: IdentitiesTable;
  login_failures: LoginFailuresTable;
  oidc_providers: OidcProvidersTable;
  oidc_logins: OidcLoginsTable;
  ldap_servers: LdapServersTable;
  racks: RacksTable;
  fabrics: FabricsTable;
  spaces: SpacesTable;
  vlans: VlansTable;
  subnets: SubnetsTable;
  static_routes: StaticRoutesTable;
  reserved_ips: ReservedIpsTable;
  ip_addresses: IpAddressesTable;
  ip_ranges: IpRangesTable;
  images: ImagesTable;
  custom_images: CustomImagesTable;
  image_uploads: ImageUploadsTable;
  image_sync_progress: ImageSyncProgressTable;
  boot_sources: BootSourcesTable;
  boot_source_selections: BootSourceSelectionsTable;
  notifications: NotificationsTable;
  notification_dismissals: NotificationDismissalsTable;
  package_repositories: PackageRepositoriesTable;
  license_keys: LicenseKeysTable;
  files: FilesTable;
  machines: MachinesTable;
  interfaces: InterfacesTable;
  interface_parents: InterfaceParentsTable;
  interface_links: InterfaceLinksTable;
  devices: DevicesTable;
  domains: DomainsTable;
  dns_resources: DnsResourcesTable;
  dns_resource_addresses: DnsResourceAddressesTable;
  dns_records: DnsRecordsTable;
  discovery_clearings: DiscoveryClearingsTable;
  leases: LeasesTable;
  machine_credentials: MachineCredentialsTable;
  agent_runs: AgentRunsTable;
  script_texts: ScriptTextsTable;
  scripts: ScriptsTable;
  script_versions: ScriptVersionsTable;
  script_sets: ScriptSetsTable;
  script_results: ScriptResultsTable;
  script_streams: ScriptStreamsTable;
  script_output: ScriptOutputTable;
  events: EventsTable;
  phase_times: PhaseTimesTable;
  zones: ZonesTable;
  pools: PoolsTable;
  tags: TagsTable;
  machine_tags: MachineTagsTable;
  machine_lshw: MachineLshwTable;
  tag_queue: TagQueueTable;
  inventories: InventoriesTable;
  idempotency_keys: IdempotencyKeysTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  block_devices: BlockDevicesTable;
  partitions: PartitionsTable;
  filesystems: FilesystemsTable;
  storage_groups: StorageGroupsTable;
  storage_cache_sets: StorageCacheSetsTable;
  machine_storage: MachineStorageTable;
  storage_texts: StorageTextsTable;
  regions: RegionsTable;
  node_devices: NodeDevicesTable;
}

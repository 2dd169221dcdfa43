import type { Kysely } from "kysely";
import { z } from "zod";
import { json } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import * as type from "./value-types.ts";
import type { StoredSetting } from "./value-types.ts";

const port = (fallback: number) => type.integer(fallback, 1, 65_535);
const hostOrAddress = { test: /^[A-Za-z0-9._:[\]-]+$/, allowed: "must be a host name or address" };
const workarounds = [
  "opensesspriv",
  "authcap",
  "idzero",
  "unexpectedauth",
  "forcepermsg",
  "endianseq",
  "intel20",
  "supermicro20",
  "sun20",
  "nochecksumcheck",
  "integritycheckvalue",
  "ipmiping",
];
const domain = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const span = {
  test: /^(\d+(\.\d+)?\s*(s|sec|m|min|h|hr|d|w|seconds?|minutes?|hours?|days?|weeks?)\s*)+$/,
  allowed: "must be a span of time such as 15m or 1h 30m",
};

/**
 * Settings under MAAS's names that are kept and given back as they were set, for clients that set them. Nothing else of
 * Rackwright goes by them yet, but for what imports `readStored`. What Rackwright itself goes by is in settings.ts.
 */
export const storedSettings = {
  maas_name: type.required("rackwright", /\S/, "must not be empty"),
  theme: type.words(""),
  kernel_opts: type.words(null),
  enable_http_proxy: type.flag(true),
  maas_proxy_port: port(8000),
  use_peer_proxy: type.flag(false),
  prefer_v4_proxy: type.flag(false),
  http_proxy: type.webAddress(),
  default_dns_ttl: type.integer(30, 0, 2_147_483_647),
  upstream_dns: type.addresses(),
  dnssec_validation: type.choice("auto", ["auto", "yes", "no"]),
  maas_internal_domain: type.required("maas-internal", domain, "must be the name of a domain"),
  dns_trusted_acl: type.words(null, { test: /^[A-Za-z0-9.:/!,\s_-]+$/, allowed: "must be networks or names of ACLs" }),
  ntp_servers: type.words("ntp.ubuntu.com", {
    test: /^[A-Za-z0-9.:,\s_-]+$/,
    allowed: "must be host names or addresses",
  }),
  ntp_external_only: type.flag(false),
  allow_only_trusted_transfers: type.flag(true),
  remote_syslog: type.words(null, { test: /^[A-Za-z0-9._:[\]-]+$/, allowed: "must be host or host:port" }),
  maas_syslog_port: port(5247),
  network_discovery: type.choice("enabled", ["enabled", "disabled"]),
  active_discovery_interval: type.oneOf(10_800, [0, 604_800, 86_400, 43_200, 21_600, 10_800, 3600, 1800, 600]),
  default_boot_interface_link_type: type.choice("auto", ["auto", "dhcp", "static", "link_up"]),
  default_osystem: type.required("debian", /^[a-z0-9][a-z0-9._-]*$/, "must be an operating system such as debian"),
  default_distro_series: type.required("12", /^[a-z0-9][a-z0-9._-]*$/, "must be a release of the operating system"),
  default_min_hwe_kernel: type.words("", { test: /^(ga|hwe)-[a-z0-9.-]+$/, allowed: "must be such as ga-22.04" }),
  enable_kernel_crash_dump: type.flag(false),
  commissioning_distro_series: type.required("12", /^[a-z0-9][a-z0-9._-]*$/, "must be a release such as 12"),
  enable_third_party_drivers: type.flag(true),
  windows_kms_host: type.words(null, hostOrAddress),
  boot_images_auto_import: type.flag(true),
  boot_images_no_proxy: type.flag(false),
  curtin_verbose: type.flag(true),
  force_v1_network_yaml: type.flag(false),
  enable_analytics: type.flag(true),
  experimental_switch_provisioning: type.flag(false),
  completed_intro: type.flag(false),
  subnet_ip_exhaustion_threshold_count: type.integer(16, 0, 2_147_483_647),
  refresh_token_duration: type.integer(2_592_000, 600, 5_184_000),
  release_notifications: type.flag(true),
  use_rack_proxy: type.flag(true),
  prometheus_enabled: type.flag(false),
  prometheus_push_gateway: type.words(null, {
    test: /^(https?:\/\/[A-Za-z0-9._:[\]-]+(\/[!-~]*)?|[A-Za-z0-9._:[\]-]+)$/,
    allowed: "must be a host name, an address, or a URL with http or https",
  }),
  prometheus_push_interval: type.integer(60, 1, 525_600),
  promtail_enabled: type.flag(false),
  promtail_port: port(5238),
  maas_auto_ipmi_user: type.required("maas", /^[\x21-\x7e]{1,16}$/, "must be 1 to 16 characters without blanks"),
  maas_auto_ipmi_user_privilege_level: type.choice("ADMIN", ["USER", "OPERATOR", "ADMIN"]),
  maas_auto_ipmi_k_g_bmc_key: type.secret(""),
  maas_auto_ipmi_cipher_suite_id: type.choice("3", ["17", "3", "", "8", "12"]),
  maas_auto_ipmi_workaround_flags: type.listOf(workarounds),
  vcenter_server: type.words("", hostOrAddress),
  vcenter_username: type.words(""),
  vcenter_password: type.secret(""),
  vcenter_datacenter: type.words(""),
  hardware_sync_interval: type.words("15m", span),
  tls_cert_expiration_notification_enabled: type.flag(false),
  tls_cert_expiration_notification_interval: type.integer(30, 1, 90),
  auto_vlan_creation: type.flag(true),
} satisfies Record<string, StoredSetting>;
export type StoredName = keyof typeof storedSettings;

/** Whether a setting of this name is kept. */
export function isStored(name: string): name is StoredName {
  return Object.hasOwn(storedSettings, name);
}

/** Settings that are sealed in the database. */
export const secretSettings: readonly string[] = Object.entries<StoredSetting>(storedSettings)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name);

const wrapped = z.strictObject({ secret: z.string() });
/** The text of a secret setting: in an object, so that it is told from others, or bare where it was never sealed. */
export function secretText(value: unknown): string | null {
  return typeof value === "string" ? value : (wrapped.safeParse(value).data?.secret ?? null);
}

/** A kept setting as it was set, or its default. */
export async function readStored(db: Kysely<Tables>, name: StoredName): Promise<unknown> {
  const setting: StoredSetting = storedSettings[name];
  const found = db.selectFrom("settings").where("name", "=", name);
  if (setting.secret) {
    // Under the name by which what was sealed is opened (region/secrets/columns.ts).
    const row = await found.select("value as stored_secret").executeTakeFirst();
    return secretText(row?.stored_secret) ?? setting.fallback;
  }
  const row = await found.select("value").executeTakeFirst();
  return row === undefined ? setting.fallback : row.value;
}

/** Keeps a setting, given as text. Returns its value. @throws InputError naming the setting and what is allowed */
export async function writeStored(db: Kysely<Tables>, name: StoredName, text: string): Promise<unknown> {
  const setting: StoredSetting = storedSettings[name];
  const parsed = setting.text.safeParse(text);
  if (!parsed.success)
    throw InputError.field(
      name,
      setting.secret ? undefined : text.slice(0, 200),
      parsed.error.issues[0]?.message ?? "is not allowed",
    );
  const value = json(setting.secret ? { secret: parsed.data } : parsed.data);
  await db
    .insertInto("settings")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
  return parsed.data;
}

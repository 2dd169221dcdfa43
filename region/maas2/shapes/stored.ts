import { z } from "zod";
import type { Shapes } from "../testing/example.ts";

const uri = z.string().startsWith("/MAAS/api/2.0/");
const mailTime = z.string().regex(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d -0000$/);
const localTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
const clockTime = z.string().regex(/^\d+:\d\d:\d\d$/);
const base64 = z.base64();
const pairs = z.record(z.string(), z.unknown());

const user = z.strictObject({
  username: z.string(),
  email: z.string(),
  is_superuser: z.boolean(),
  is_local: z.boolean(),
  resource_uri: uri,
});

const event = z.strictObject({
  id: z.int(),
  node: z.string().nullable(),
  hostname: z.string(),
  level: z.enum(["AUDIT", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
  created: z.string().regex(/^\w{3}, \d\d \w{3}\. \d{4} \d\d:\d\d:\d\d$/),
  type: z.string(),
  description: z.string(),
  username: z.string(),
});

const script = z.strictObject({
  id: z.int(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  type: z.int(),
  type_name: z.string(),
  hardware_type: z.int(),
  hardware_type_name: z.string(),
  parallel: z.int(),
  parallel_name: z.string(),
  results: pairs,
  parameters: pairs,
  packages: pairs,
  timeout: clockTime,
  destructive: z.boolean(),
  for_hardware: z.array(z.string()),
  may_reboot: z.boolean(),
  recommission: z.boolean(),
  apply_configured_networking: z.boolean(),
  default: z.boolean(),
  history: z
    .array(
      z.strictObject({
        id: z.int(),
        comment: z.string().nullable(),
        created: mailTime,
        data: base64.optional(),
      }),
    )
    .min(1),
  resource_uri: uri,
});

const result = z.strictObject({
  id: z.int(),
  created: mailTime,
  updated: mailTime,
  name: z.string(),
  status: z.int(),
  status_name: z.string(),
  exit_status: z.int().nullable(),
  started: mailTime.nullable(),
  ended: mailTime.nullable(),
  runtime: z.union([clockTime, z.literal("")]),
  starttime: z.union([z.number(), z.literal("")]),
  endtime: z.union([z.number(), z.literal("")]),
  estimated_runtime: z.string(),
  parameters: pairs,
  script_id: z.int().nullable(),
  script_revision_id: z.int().nullable(),
  suppressed: z.boolean(),
  output: base64.optional(),
  stdout: base64.optional(),
  stderr: base64.optional(),
  result: base64.optional(),
});

const fileOfSet = z.strictObject({
  filename: z.string(),
  filetype: z.string(),
  sha256: z.string(),
  filename_on_disk: z.string(),
  size: z.int(),
  complete: z.boolean(),
  progress: z.number().optional(),
  upload_uri: uri.optional(),
});
const bootResource = z.strictObject({
  id: z.int(),
  type: z.enum(["Synced", "Uploaded"]),
  name: z.string(),
  architecture: z.string(),
  last_deployed: localTime.nullable(),
  resource_uri: uri,
  subarches: z.string(),
  title: z.string().optional(),
  base_image: z.string().optional(),
});

const oidcProvider = z.strictObject({
  id: z.int(),
  name: z.string(),
  issuer_url: z.string(),
  client_id: z.string(),
  client_secret: z.literal("********"),
  enabled: z.boolean(),
  token_type: z.enum(["JWT", "Opaque"]),
  vendor: z.string(),
  redirect_uri: z.string(),
  scopes: z.string(),
});
const file = z.strictObject({ filename: z.string(), anon_resource_uri: uri, resource_uri: uri });

/** Replies about what is stored: settings, events, scripts, results, files, notifications, repositories, keys, images. */
export const storedShapes: Shapes = {
  "json: bare config value (string|int|bool|null)": z.union([z.string(), z.int(), z.boolean(), z.null()]),
  "json: {count, events: Event[], next_uri, prev_uri}": z.strictObject({
    count: z.int(),
    events: z.array(event).min(1),
    next_uri: uri,
    prev_uri: uri,
  }),
  Script: script,
  ScriptSet: z.strictObject({
    id: z.int(),
    system_id: z.string(),
    type: z.int(),
    type_name: z.string(),
    last_ping: mailTime.nullable(),
    status: z.int(),
    status_name: z.string(),
    started: mailTime.nullable(),
    ended: mailTime.nullable(),
    runtime: z.string(),
    suppressed: z.boolean(),
    results: z.array(result).min(1),
    resource_uri: uri,
  }),
  NodeResult: z.strictObject({
    id: z.int(),
    name: z.string(),
    created: localTime,
    updated: localTime,
    script_result: z.int(),
    result_type: z.int(),
    node: z.strictObject({ system_id: z.string() }),
    data: base64,
    resource_uri: uri,
  }),
  "File[]": z.array(file),
  File: file.extend({ content: base64 }),
  Notification: z.strictObject({
    id: z.int(),
    ident: z.string().nullable(),
    user: user.nullable(),
    users: z.boolean(),
    admins: z.boolean(),
    message: z.string(),
    context: pairs,
    category: z.enum(["error", "warning", "success", "info"]),
    dismissable: z.boolean(),
    resource_uri: uri,
  }),
  PackageRepository: z.strictObject({
    id: z.int(),
    name: z.string(),
    url: z.string(),
    distributions: z.array(z.string()),
    disabled_pockets: z.array(z.string()),
    disabled_components: z.array(z.string()),
    disable_sources: z.boolean(),
    components: z.array(z.string()),
    arches: z.array(z.string()),
    key: z.string(),
    enabled: z.boolean(),
    resource_uri: uri,
  }),
  LicenseKey: z.strictObject({
    osystem: z.string(),
    distro_series: z.string(),
    license_key: z.string(),
    resource_uri: uri,
  }),
  BootSource: z.strictObject({
    id: z.int(),
    name: z.string(),
    url: z.string(),
    priority: z.int(),
    enabled: z.boolean(),
    keyring_filename: z.string(),
    keyring_data: base64,
    skip_keyring_verification: z.boolean(),
    created: localTime,
    updated: localTime,
    resource_uri: uri,
  }),
  BootSourceSelection: z.strictObject({
    id: z.int(),
    boot_source_id: z.int(),
    os: z.string(),
    release: z.string(),
    arches: z.array(z.string()),
    subarches: z.array(z.string()),
    labels: z.array(z.string()),
    resource_uri: uri,
  }),
  BootResource: bootResource,
  "BootResource (with sets)": bootResource.extend({
    sets: z.record(
      z.string(),
      z.strictObject({
        version: z.string(),
        label: z.string(),
        size: z.int(),
        complete: z.boolean(),
        progress: z.number().optional(),
        files: z.record(z.string(), fileOfSet),
      }),
    ),
  }),
  OidcProvider: oidcProvider,
  "OidcProvider[] or a bare JSON string when none exist": z.array(oidcProvider).min(1),
  "GET images-sync-progress/": z.record(z.string(), z.record(z.string(), z.int())),
  "json: {size}": z.strictObject({ size: z.int() }),
};

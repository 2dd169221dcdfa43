import type { Generated } from "kysely";
import type { Identity, InstantOrNow, JsonOrDefault } from "./columns.ts";

export interface NotificationsTable {
  id: Identity;
  ident: string | null;
  user_id: number | null;
  users: Generated<boolean>;
  admins: Generated<boolean>;
  message: string;
  context: JsonOrDefault<Record<string, unknown>>;
  category: Generated<"error" | "warning" | "success" | "info">;
  dismissable: Generated<boolean>;
  created_at: InstantOrNow;
  updated_at: InstantOrNow;
}

export interface NotificationDismissalsTable {
  notification_id: number;
  user_id: number;
}

export interface PackageRepositoriesTable {
  id: Identity;
  name: string;
  url: string;
  distributions: Generated<string[]>;
  disabled_pockets: Generated<string[]>;
  disabled_components: Generated<string[]>;
  disable_sources: Generated<boolean>;
  components: Generated<string[]>;
  arches: Generated<string[]>;
  key: Generated<string>;
  enabled: Generated<boolean>;
  builtin: string | null;
}

export interface LicenseKeysTable {
  id: Identity;
  osystem: string;
  distro_series: string;
  license_key: string;
}

export interface FilesTable {
  id: Identity;
  user_id: number;
  filename: string;
  key: Generated<string>;
  size: number;
  content: Buffer;
  created_at: InstantOrNow;
}

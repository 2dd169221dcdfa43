import type { Architecture, ImageFile } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Identity, Instant, InstantOrNow, Json } from "./columns.ts";

export interface ImagesTable {
  id: Generated<number>;
  name: string;
  architecture: Architecture;
  kind: "bootloader" | "ephemeral" | "deployable";
  title: string;
  os: string;
  release: string;
  recipe: string;
  built_at: Instant;
  files: Json<ImageFile[]>;
  registered_at: InstantOrNow;
}

export interface BootSourcesTable {
  id: Identity;
  name: string;
  url: string;
  priority: number;
  enabled: Generated<boolean>;
  keyring_filename: Generated<string>;
  keyring_data: Buffer;
  skip_keyring_verification: Generated<boolean>;
  created_at: InstantOrNow;
  updated_at: InstantOrNow;
}

export interface BootSourceSelectionsTable {
  id: Identity;
  boot_source_id: number;
  os: string;
  release: string;
  arches: Generated<string[]>;
  subarches: Generated<string[]>;
  labels: Generated<string[]>;
}

export interface CustomImagesTable {
  id: Generated<number>;
  name: string;
  image: string;
  architecture: Architecture;
  title: Generated<string>;
  base_image: Generated<string>;
  created_at: InstantOrNow;
}

export interface ImageUploadsTable {
  id: Identity;
  custom_image_id: number;
  version: string;
  filetype: string;
  sha256: string;
  size: number;
  received: Generated<number>;
  uploaded_by: string;
  created_at: InstantOrNow;
  completed_at: Instant | null;
}

export interface ImageSyncProgressTable {
  upload_id: number;
  system_id: string;
  size: number;
}

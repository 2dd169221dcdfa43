import type { Architecture, ImageFile } from "@rackwright/contract";
import type { Json, Instant, InstantOrNow } from "./columns.ts";

export interface ImagesTable {
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

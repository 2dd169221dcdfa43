import type { Architecture } from "@rackwright/contract";
import type { Generated } from "kysely";
import type { Identity, Instant } from "./columns.ts";

export interface RegionsTable {
  id: Identity;
  system_id: Generated<string>;
  hostname: string;
  version: string;
  architecture: Architecture | null;
  addresses: Generated<string[]>;
  description: Generated<string>;
  zone_id: Generated<number>;
  domain_id: Generated<number>;
  started_at: Instant;
  seen_at: Instant;
}

export interface NodeDevicesTable {
  id: Identity;
  machine_id: string;
  bus: "pcie" | "usb";
  address: string;
  hardware_type: "storage" | "network" | "gpu" | "node";
  vendor_id: string;
  product_id: string;
  vendor: Generated<string>;
  product: Generated<string>;
  driver: Generated<string>;
  numa_node: Generated<number>;
}

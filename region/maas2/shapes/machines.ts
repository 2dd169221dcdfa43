import { z } from "zod";
import type { Shapes } from "../testing/example.ts";
import { interfaceShape, interfaceShapes } from "./interfaces.ts";
import { placeShapes } from "./places.ts";
import { storageShapes } from "./storage.ts";

const uri = z.string().startsWith("/MAAS/api/2.0/");
const resultNames = [
  "commissioning",
  "testing",
  "cpu_test",
  "memory_test",
  "network_test",
  "storage_test",
  "other_test",
  "interface_test",
];
const results = {
  current_commissioning_result_id: z.int().nullable(),
  current_testing_result_id: z.int().nullable(),
  current_installation_result_id: z.int().nullable(),
  ...Object.fromEntries(
    resultNames.flatMap((name) => [
      [`${name}_status`, z.int().min(-1).max(11)],
      [`${name}_status_name`, z.string()],
    ]),
  ),
};
const hardwareKeys = [
  "system_vendor",
  "system_product",
  "system_family",
  "system_version",
  "system_sku",
  "system_serial",
  "cpu_model",
  "mainboard_vendor",
  "mainboard_product",
  "mainboard_serial",
  "mainboard_version",
  "mainboard_firmware_vendor",
  "mainboard_firmware_date",
  "mainboard_firmware_version",
  "chassis_vendor",
  "chassis_type",
  "chassis_serial",
  "chassis_version",
];
const hardware = z.strictObject(Object.fromEntries(hardwareKeys.map((key) => [key, z.string().min(1)])));
const texts = z.record(z.string(), z.string());
const stub = z.strictObject({ system_id: z.string(), id: z.int(), __incomplete__: z.literal(true) });
const gateway = z.strictObject({ gateway_ip: z.string().nullable(), link_id: z.int().nullable() });
const powerState = z.enum(["on", "off", "unknown", "error"]);
const systemId = z.string().regex(/^[0-9a-z]{6}$/);

const common = {
  system_id: systemId,
  hostname: z.string().min(1),
  fqdn: z.string().includes("."),
  description: z.string(),
  hardware_uuid: z.string().nullable(),
  domain: interfaceShapes.Domain,
  zone: placeShapes.Zone,
  architecture: z
    .string()
    .regex(/\/generic$/)
    .nullable(),
  cpu_count: z.int(),
  cpu_speed: z.int(),
  memory: z.int(),
  swap_size: z.int().nullable(),
  osystem: z.string(),
  distro_series: z.string(),
  power_type: z.string(),
  power_state: powerState,
  ip_addresses: z.array(z.string()),
  interface_set: z.array(interfaceShape),
  status_action: z.string().nullable(),
  tag_names: z.array(z.string()),
  hardware_info: hardware,
  ...results,
  resource_uri: uri,
};

const machineFields = {
  ...common,
  pool: placeShapes.ResourcePool,
  owner: z.string().nullable(),
  owner_data: texts,
  workload_annotations: texts,
  locked: z.boolean(),
  node_type: z.literal(0),
  node_type_name: z.literal("Machine"),
  parent: z.null(),
  address_ttl: z.int().nullable(),
  status: z.int().min(0).max(22),
  status_name: z.string(),
  status_message: z.string().nullable(),
  error_description: z.string(),
  netboot: z.boolean(),
  ephemeral_deploy: z.boolean(),
  enable_hw_sync: z.boolean(),
  last_sync: z.null(),
  next_sync: z.null(),
  sync_interval: z.null(),
  enable_kernel_crash_dump: z.boolean(),
  is_dpu: z.boolean(),
  hwe_kernel: z.string().nullable(),
  min_hwe_kernel: z.string(),
  bios_boot_method: z.enum(["pxe", "uefi"]).nullable(),
  storage: z.number(),
  numanode_set: z.array(
    z.strictObject({
      index: z.int(),
      memory: z.int(),
      cores: z.array(z.int()),
      hugepages_set: z.array(z.strictObject({ page_size: z.int(), total: z.int() })),
    }),
  ),
  boot_interface: interfaceShape.nullable(),
  default_gateways: z.strictObject({ ipv4: gateway, ipv6: gateway }),
  disable_ipv4: z.literal(false),
  virtualmachine_id: z.null(),
  blockdevice_set: z.array(storageShapes.BlockDevice),
  physicalblockdevice_set: z.array(storageShapes.BlockDevice),
  virtualblockdevice_set: z.array(storageShapes.BlockDevice),
  boot_disk: storageShapes.BlockDevice.nullable(),
  volume_groups: z.array(stub),
  raids: z.array(stub),
  bcaches: z.array(stub),
  cache_sets: z.array(stub),
  special_filesystems: z.array(z.looseObject({ fstype: z.string(), mount_point: z.string().nullable() })),
};
const machine = z.strictObject({ ...machineFields, constraints_by_type: z.null() });
const labels = z.record(z.string(), z.array(z.union([z.int(), z.string()])));
const allocated = z.strictObject({
  ...machineFields,
  constraints_by_type: z.strictObject({ storage: labels.optional(), interfaces: labels.optional() }),
});
const rack = z.strictObject({
  ...common,
  node_type: z.literal(2),
  node_type_name: z.literal("Rack controller"),
  service_set: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(["running", "degraded", "dead", "unknown", "off"]),
      status_info: z.string(),
    }),
  ),
  version: z.string(),
});
const region = z.strictObject({
  ...common,
  node_type: z.literal(3),
  node_type_name: z.literal("Region controller"),
  version: z.string(),
});
const node = z.union([machine, interfaceShapes.Device, rack, region]);
const driverFields = z.record(z.string(), z.string());
const state = z.strictObject({ state: powerState });
const device = z.strictObject({
  id: z.int(),
  bus: z.literal([1, 2]),
  bus_name: z.enum(["PCIE", "USB"]),
  hardware_type: z.int(),
  hardware_type_name: z.string(),
  system_id: systemId,
  numa_node: z.int(),
  physical_blockdevice: z.null(),
  physical_interface: z.null(),
  vendor_id: z.string(),
  product_id: z.string(),
  vendor_name: z.string(),
  product_name: z.string(),
  commissioning_driver: z.string(),
  bus_number: z.int(),
  device_number: z.int(),
  pci_address: z.string().nullable(),
  resource_uri: uri,
});

export const machineShapes = {
  Machine: machine,
  Node: node,
  RackController: rack,
  RegionController: region,
  NodeDevice: device,
  PowerType: z.strictObject({
    driver_type: z.literal("power"),
    name: z.string(),
    description: z.string(),
    chassis: z.boolean(),
    can_probe: z.boolean(),
    queryable: z.boolean(),
    missing_packages: z.array(z.string()),
    fields: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        field_type: z.enum(["string", "password", "choice", "multiple_choice", "mac_address"]),
        required: z.boolean(),
        default: z.string(),
        choices: z.array(z.tuple([z.string(), z.string()])),
        scope: z.enum(["bmc", "node"]),
        secret: z.boolean(),
      }),
    ),
  }),
  "GET nodes/": z.array(node),
  "POST machines/ allocate": allocated,
  "POST machines/ release": z.array(systemId),
  "GET machines/ power_parameters": z.record(systemId, driverFields),
  "GET machines/{system_id}/ power_parameters": driverFields,
  "GET nodes/{system_id}/ power_parameters": driverFields,
  "GET machines/{system_id}/ query_power_state": state,
  "POST machines/{system_id}/ power_off": machine,
  "GET machines/{system_id}/ get_token": z.strictObject({
    consumer_key: z.string(),
    token_key: z.string(),
    token_secret: z.string(),
  }),
  "GET rackcontrollers/ power_parameters": z.record(systemId, z.strictObject({})),
  "GET rackcontrollers/{system_id}/ power_parameters": z.strictObject({}),
  "GET regioncontrollers/{system_id}/ power_parameters": z.strictObject({}),
  "GET rackcontrollers/{system_id}/ query_power_state": state,
  "POST rackcontrollers/{system_id}/ power_off": z.null(),
  "GET rackcontrollers/{system_id}/ list_boot_images": z.strictObject({
    images: z.array(z.strictObject({ name: z.string(), architecture: z.string(), subarches: z.array(z.string()) })),
    connected: z.boolean(),
    status: z.string(),
  }),
} satisfies Shapes;

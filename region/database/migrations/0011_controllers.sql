-- What clients of MAAS set on a machine and read back.
alter table machines
  add column description text not null default '',
  add column agent_name text not null default '',
  -- what a user wrote on a machine of theirs: gone when it is released
  add column annotations jsonb not null default '{}',
  add column min_hwe_kernel text not null default '',
  add column hwe_kernel text not null default '',
  add column address_ttl integer check (address_ttl >= 0),
  add column swap_size bigint check (swap_size >= 0),
  add column enable_hw_sync boolean not null default false,
  add column enable_kernel_crash_dump boolean not null default false,
  add column is_dpu boolean not null default false,
  -- the present commissioning leaves the BMC as it is
  add column skip_bmc_config boolean not null default false;

-- CPU threads and memory as an operator stated them, until commissioning finds out.
alter table machines
  add column stated_cpu_count integer,
  add column stated_memory bigint,
  drop column cpu_count,
  drop column memory;

-- What lists show of an inventory, so that none is read for them. None of these functions ever fails.
create function inventory_hardware(inventory jsonb) returns jsonb language sql immutable as $$
  select jsonb_object_agg(key, coalesce(nullif(btrim(inventory #>> path), ''), 'Unknown')) from (values
    ('system_vendor', '{dmi,system_vendor}'::text[]),
    ('system_product', '{dmi,system_product}'),
    ('system_family', '{dmi,system_family}'),
    ('system_version', '{dmi,system_version}'),
    ('system_sku', '{dmi,system_sku}'),
    ('system_serial', '{dmi,system_serial}'),
    ('cpu_model', '{cpu,model}'),
    ('mainboard_vendor', '{dmi,board_vendor}'),
    ('mainboard_product', '{dmi,board_product}'),
    ('mainboard_serial', '{dmi,board_serial}'),
    ('mainboard_version', '{dmi,board_version}'),
    ('mainboard_firmware_vendor', '{dmi,firmware_vendor}'),
    ('mainboard_firmware_date', '{dmi,firmware_date}'),
    ('mainboard_firmware_version', '{dmi,firmware_version}'),
    ('chassis_vendor', '{dmi,chassis_vendor}'),
    ('chassis_type', '{dmi,chassis_type}'),
    ('chassis_serial', '{dmi,chassis_serial}'),
    ('chassis_version', '{dmi,chassis_version}')
  ) as given(key, path)
$$;
-- NUMA nodes: memory in MiB, huge pages in bytes.
create function inventory_numa(inventory jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
      'index', coalesce(inventory_number(node, '{id}'), n - 1),
      'memory', coalesce(inventory_number(node, '{memory}'), 0) / 1048576,
      'cores', case when jsonb_typeof(node -> 'cpus') = 'array' then node -> 'cpus' else '[]'::jsonb end,
      'hugepages_set', coalesce((
        select jsonb_agg(jsonb_build_object(
          'page_size', coalesce(inventory_number(page, '{size}'), 0),
          'total', coalesce(inventory_number(page, '{size}'), 0)::numeric * coalesce(inventory_number(page, '{total}'), 0)))
        from jsonb_array_elements(
          case when jsonb_typeof(node -> 'hugepages') = 'array' then node -> 'hugepages' else '[]'::jsonb end) as page
      ), '[]'::jsonb)) order by n), '[]'::jsonb)
  from jsonb_array_elements(case when jsonb_typeof(inventory -> 'numa_nodes') = 'array' then inventory -> 'numa_nodes'
    else '[]'::jsonb end) with ordinality as nodes(node, n)
$$;
alter table machines
  add column cpu_count bigint generated always as
    (coalesce(stated_cpu_count, inventory_number(inventory, '{cpu,threads}'))) stored,
  add column memory bigint generated always as
    (coalesce(stated_memory, inventory_number(inventory, '{memory,total}'))) stored,
  add column cpu_speed bigint generated always as (inventory_number(inventory, '{cpu,speed_mhz}')) stored,
  add column hardware_info jsonb generated always as (inventory_hardware(inventory)) stored,
  add column numa_nodes jsonb generated always as (inventory_numa(inventory)) stored,
  add column inventoried boolean generated always as (inventory is not null) stored;
create index on machines (cpu_count);
create index on machines (memory);
-- The order of lists, and the page after a machine.
create index on machines (created_at, id);
create index on machines (agent_name) where agent_name <> '';

-- What a run is about, without reading all that is known of its script.
alter table script_results add column hardware_type text generated always as (spec ->> 'hardware_type') stored;

-- The last thing worth saying of each machine.
create index events_told on events (machine_id, id) where machine_id is not null and level <> 'debug';

-- What is plugged into the buses of machines, with numbers that stay while a device stays where it is.
create table node_devices (
  id bigint generated always as identity primary key,
  machine_id text not null references machines on delete cascade,
  bus text not null check (bus in ('pcie', 'usb')),
  address text not null,
  hardware_type text not null,
  vendor_id text not null,
  product_id text not null,
  vendor text not null default '',
  product text not null default '',
  driver text not null default '',
  numa_node integer not null default 0,
  unique (machine_id, bus, address)
);
create index on node_devices (vendor_id, product_id);

-- Makes the devices of a machine those of its inventory. What they are follows from the name of their PCI class.
create function save_node_devices(machine text, inventory jsonb) returns void language sql as $$
  with found as (
    select distinct on (bus, address) * from (
      select bus, left(device ->> 'address', 64) as address,
        case
          when device ->> 'class' ~* 'storage|sata|scsi|ide interface|raid|non-volatile|serial attached' then 'storage'
          when device ->> 'class' ~* 'ethernet|network|infiniband' then 'network'
          when device ->> 'class' ~* '^(vga|3d|display)|processing accelerators' then 'gpu'
          else 'node'
        end as hardware_type,
        lower(coalesce(device ->> 'vendor_id', '')) as vendor_id,
        lower(coalesce(device ->> 'product_id', '')) as product_id,
        coalesce(device ->> 'vendor', '') as vendor,
        coalesce(device ->> 'product', '') as product,
        coalesce(device ->> 'driver', '') as driver,
        greatest(least(coalesce(inventory_number(device, '{numa_node}'), 0), 1023), 0)::integer as numa_node
      from (values ('pcie', inventory -> 'pci'), ('usb', inventory -> 'usb')) as buses(bus, devices),
        jsonb_array_elements(case when jsonb_typeof(devices) = 'array' then devices else '[]'::jsonb end) as device
      where device ->> 'address' is not null
    ) as every
    order by bus, address
  ), gone as (
    delete from node_devices where machine_id = machine
      and not exists (select from found where found.bus = node_devices.bus and found.address = node_devices.address)
  )
  insert into node_devices
    (machine_id, bus, address, hardware_type, vendor_id, product_id, vendor, product, driver, numa_node)
  select machine, bus, address, hardware_type, vendor_id, product_id, vendor, product, driver, numa_node from found
  on conflict (machine_id, bus, address) do update set
    hardware_type = excluded.hardware_type, vendor_id = excluded.vendor_id, product_id = excluded.product_id,
    vendor = excluded.vendor, product = excluded.product, driver = excluded.driver, numa_node = excluded.numa_node
$$;
select save_node_devices(id, inventory) from machines where inventory is not null;

-- Racks and regions as controllers.
alter table racks
  add column description text not null default '',
  add column zone_id bigint not null default 1 references zones,
  add column domain_id bigint not null default preferred_domain() references domains;
create table regions (
  id bigint generated always as identity primary key,
  system_id text not null unique default substr(md5(gen_random_uuid()::text), 1, 6),
  -- one region process a host
  hostname text not null unique,
  version text not null,
  architecture text,
  addresses inet[] not null default '{}',
  description text not null default '',
  zone_id bigint not null default 1 references zones,
  domain_id bigint not null default preferred_domain() references domains,
  started_at timestamptz not null,
  seen_at timestamptz not null
);

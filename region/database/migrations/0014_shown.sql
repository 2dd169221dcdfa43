-- What lists of machines show of a network card or a disk and follows from its row alone, as JSON text after its first
-- brace: thousands of them are shown at once, and rarely is one changed.
create function interface_shown(name text, type text, tags text[], enabled boolean, params jsonb, mtu integer, vendor text,
  product text, firmware_version text, link_connected boolean, interface_speed integer, link_speed integer,
  numa_node integer, sriov_max_vf integer)
returns text language sql immutable as $$
  select substr(row_to_json(shown)::text, 2) from (
    select name, type, tags, enabled,
      jsonb_strip_nulls(jsonb_build_object('mtu', mtu)) || (params - 'accept_ra')
        || jsonb_strip_nulls(jsonb_build_object('accept-ra', params -> 'accept_ra')) as params,
      vendor, product, firmware_version, link_connected, interface_speed, link_speed, numa_node, sriov_max_vf
  ) as shown
$$;
alter table interfaces add column shown text not null generated always as (
  interface_shown(name, type, tags, enabled, params, mtu, vendor, product, firmware_version, link_connected,
    interface_speed, link_speed, numa_node, sriov_max_vf)) stored;

-- What a disk does not say is an empty text, and only of a virtual device nothing: programs compare.
create function block_device_shown(name text, size bigint, block_size integer, tags text[], partition_table text,
  model text, serial text, id_path text, firmware_version text, numa_node integer, group_id bigint, uuid text)
returns text language sql immutable as $$
  select substr(row_to_json(shown)::text, 2) from (
    select name, uuid, case when group_id is null then 'physical' else 'virtual' end as type,
      '/dev/disk/by-dname/' || name as path,
      case when group_id is null then coalesce(model, '') else model end as model,
      case when group_id is null then coalesce(serial, '') else serial end as serial,
      id_path, size, block_size, tags, partition_table as partition_table_type, firmware_version,
      null::text as storage_pool, numa_node
  ) as shown
$$;
alter table block_devices add column shown text not null generated always as (
  block_device_shown(name, size, block_size, tags, partition_table, model, serial, id_path, firmware_version, numa_node,
    group_id, uuid)) stored;

-- Who has an address, asked by network card.
create index on leases (mac) where state = 'leased';

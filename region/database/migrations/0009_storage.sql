-- One row of numbers for everything that storage is made of: no two things of any machine share an id.
create sequence storage_ids;

create table storage_cache_sets (
  id bigint primary key default nextval('storage_ids'),
  machine_id text not null references machines on delete cascade,
  name text not null,
  unique (machine_id, name) deferrable initially deferred
);
create table storage_groups (
  id bigint primary key default nextval('storage_ids'),
  machine_id text not null references machines on delete cascade,
  kind text not null
    check (kind in ('lvm', 'raid-0', 'raid-1', 'raid-5', 'raid-6', 'raid-10', 'bcache', 'vmfs6')),
  name text not null,
  uuid text not null,
  cache_mode text check (cache_mode in ('writeback', 'writethrough', 'writearound')),
  cache_set_id bigint references storage_cache_sets,
  check ((kind = 'bcache') = (cache_mode is not null)),
  check ((kind = 'bcache') = (cache_set_id is not null)),
  unique (machine_id, name) deferrable initially deferred
);
create index on storage_groups (cache_set_id) where cache_set_id is not null;
create table block_devices (
  id bigint primary key default nextval('storage_ids'),
  machine_id text not null references machines on delete cascade,
  name text not null,
  size bigint not null,
  block_size integer not null,
  tags text[] not null default '{}',
  partition_table text check (partition_table in ('GPT', 'MBR')),
  -- physical disks
  model text,
  serial text,
  id_path text,
  firmware_version text,
  numa_node integer,
  -- whether commissioning found it, not an operator named it
  found boolean not null default false,
  -- logical volumes and arrays: what they belong to
  group_id bigint references storage_groups on delete cascade,
  uuid text,
  unique (machine_id, name) deferrable initially deferred
);
create index on block_devices (group_id) where group_id is not null;
create table partitions (
  id bigint primary key default nextval('storage_ids'),
  machine_id text not null references machines on delete cascade,
  device_id bigint not null references block_devices on delete cascade,
  number integer not null,
  size bigint not null,
  uuid text not null,
  bootable boolean not null,
  tags text[] not null default '{}',
  unique (device_id, number) deferrable initially deferred
);
create index on partitions (machine_id);
-- What a device or partition is used for: by a file system, or by the group or cache set it is a member of. Special
-- ones, such as tmpfs, are on no device.
create table filesystems (
  id bigint primary key default nextval('storage_ids'),
  machine_id text not null references machines on delete cascade,
  device_id bigint references block_devices on delete cascade,
  partition_id bigint references partitions on delete cascade,
  fstype text not null,
  label text,
  uuid text not null,
  mount_point text,
  mount_options text,
  group_id bigint references storage_groups on delete cascade,
  cache_set_id bigint references storage_cache_sets on delete cascade,
  check (num_nonnulls(device_id, partition_id) <= 1),
  check (num_nonnulls(group_id, cache_set_id) <= 1),
  -- nothing is used twice
  unique (device_id) deferrable initially deferred,
  unique (partition_id) deferrable initially deferred
);
create index on filesystems (machine_id);
create index on filesystems (group_id) where group_id is not null;
create index on filesystems (cache_set_id) where cache_set_id is not null;

create table machine_storage (
  machine_id text primary key references machines on delete cascade,
  boot_disk_id bigint references block_devices on delete set null,
  -- the next commissioning leaves the configuration as it is
  keep boolean not null default false,
  -- what a commissioning script or an operator gave for the layout 'custom'
  custom jsonb,
  -- the file systems as they were before the owner of an allocated machine changed them
  unowned jsonb
);
create index on machine_storage (boot_disk_id) where boot_disk_id is not null;

-- A machine that is given back has the file systems again that it had before it was allocated.
create function restore_filesystems() returns trigger language plpgsql as $$
declare
  saved jsonb;
begin
  select unowned into saved from machine_storage where machine_id = new.id and unowned is not null;
  if saved is not null then
    delete from filesystems where machine_id = new.id;
    insert into filesystems select * from jsonb_populate_recordset(null::filesystems, saved);
    update machine_storage set unowned = null where machine_id = new.id;
  end if;
  return null;
end
$$;
create trigger restore_filesystems after update of owner_id on machines for each row
  when (old.owner_id is not null and new.owner_id is null) execute function restore_filesystems();

create table zones (
  id bigint generated always as identity primary key,
  name text not null unique,
  description text not null default ''
);
create table pools (
  id bigint generated always as identity (minvalue 0) primary key,
  name text not null unique,
  description text not null default ''
);
-- MAAS's numbers of the two that always exist.
insert into zones (id, name) overriding system value values (1, 'default');
insert into pools (id, name) overriding system value values (0, 'default');
alter table zones alter column id restart with 2;
alter table pools alter column id restart with 1;

-- A number of an inventory. Never fails: what a machine tells of itself must not keep the rest from being saved.
create function inventory_number(inventory jsonb, path text[]) returns bigint language sql immutable as $$
  select case when jsonb_typeof(inventory #> path) = 'number'
    then least(greatest((inventory #>> path)::numeric, -9007199254740991), 9007199254740991)::bigint end
$$;
create function inventory_storage(inventory jsonb) returns bigint language sql immutable as $$
  select case when jsonb_typeof(inventory -> 'disks') = 'array' then (
    select least(coalesce(sum(case when jsonb_typeof(disk -> 'size') = 'number' then (disk ->> 'size')::numeric end), 0),
      9007199254740991)::bigint
    from jsonb_array_elements(inventory -> 'disks') as disk) end
$$;

alter table machines
  add column zone_id bigint not null default 1 references zones,
  add column pool_id bigint not null default 0 references pools,
  -- what filters and allocation look at, so that no inventory has to be read for it
  add column cpu_count bigint generated always as (inventory_number(inventory, '{cpu,threads}')) stored,
  add column memory bigint generated always as (inventory_number(inventory, '{memory,total}')) stored,
  add column storage bigint generated always as (inventory_storage(inventory)) stored,
  add column vendor text generated always as (inventory #>> '{dmi,system_vendor}') stored,
  add column product text generated always as (inventory #>> '{dmi,system_product}') stored,
  -- the inventory in the words in which twins are compared
  add column traits jsonb;
create index on machines (zone_id);
create index on machines (pool_id);
create index on machines (owner_id) where owner_id is not null;
create index on machines (cpu_count);
create index on machines (memory);
create index on machines (storage);
create index on machines (hostname text_pattern_ops);
create index on machines (lower(serial) text_pattern_ops) where serial is not null;
create index on machines (lower(vendor) text_pattern_ops) where vendor is not null;
create index on machines (lower(product) text_pattern_ops) where product is not null;
create index on machines (vendor, product, id) where vendor is not null and product is not null;
create index on machines (image) where image is not null;
create index on interfaces (mac text_pattern_ops);

create table tags (
  id bigint generated always as identity primary key,
  name text not null unique,
  comment text not null default '',
  kernel_options text not null default '',
  definition text,
  definition_kind text check (definition_kind in ('xpath', 'filter')),
  check ((definition is null) = (definition_kind is null))
);
create table machine_tags (
  tag_id bigint not null references tags on delete cascade,
  machine_id text not null references machines on delete cascade,
  primary key (tag_id, machine_id)
);
create index on machine_tags (machine_id);

create function machine_kernel_options(machine text) returns text language sql stable as $$
  select coalesce(string_agg(kernel_options, ' ' order by name collate "C"), '')
  from machine_tags join tags on tags.id = tag_id
  where machine_id = machine and kernel_options <> ''
$$;

-- The newest lshw of each machine, parsed once. `problem`: why there is nothing that an expression could be asked of.
create table machine_lshw (
  machine_id text primary key references machines on delete cascade,
  document xml,
  problem text,
  check ((document is null) <> (problem is null))
);
-- Text of a machine as XML, or what is wrong with it. `xpath` parses by other rules, so it is tried too; and what is nested
-- deeper than any machine takes expressions too long.
create function read_xml(given text, out document xml, out problem text) language plpgsql stable as $$
declare
  detail text;
begin
  document := xmlparse(document given);
  if (xpath('boolean(' || repeat('/*', 65) || ')', document))[1]::text = 'true' then
    document := null;
    problem := 'its elements are nested more than 64 deep';
  end if;
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  document := null;
  problem := left(concat_ws(': ', sqlerrm, nullif(split_part(detail, E'\n', 1), '')), 500);
end
$$;
-- One XPath expression asked of one document. What is wrong with one of them is an answer, not an error: only a
-- time-out ends the statement.
create function ask_xpath(document xml, expression text, out holds boolean, out complaint text)
language plpgsql stable as $$
declare
  detail text;
begin
  holds := (xpath('boolean(' || expression || ')', document))[1]::text = 'true';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  complaint := left(concat_ws(': ', sqlerrm, nullif(split_part(detail, E'\n', 1), '')), 500);
end
$$;

-- Machines whose automatic tags may no longer be right. Whoever changes a machine only ever adds rows and so waits for
-- nobody; the tagger of any region takes them out. The same machine may be in it many times.
create table tag_queue (
  id bigint generated always as identity primary key,
  machine_id text not null,
  -- the only tag in doubt; null: all automatic ones
  tag_id bigint references tags on delete cascade
);
create index on tag_queue (tag_id) where tag_id is not null;
create function queue_machine() returns trigger language plpgsql as $$
begin
  insert into tag_queue (machine_id) values (new.id);
  perform pg_notify('rackwright_tags', '');
  return null;
end
$$;
create function queue_part_of_machine() returns trigger language plpgsql as $$
begin
  insert into tag_queue (machine_id) values (coalesce(new.machine_id, old.machine_id));
  perform pg_notify('rackwright_tags', '');
  return null;
end
$$;
create function queue_machines_of_place() returns trigger language plpgsql as $$
begin
  execute format('insert into tag_queue (machine_id) select id from machines where %I = $1 order by id', tg_argv[0])
    using new.id;
  perform pg_notify('rackwright_tags', '');
  return null;
end
$$;
-- Exactly what the fields of a definition look at (contract/filter-fields.ts, `lasting`).
create trigger queue_new after insert on machines for each row execute function queue_machine();
create trigger queue_changed after update of hostname, architecture, firmware, serial, inventory, zone_id, pool_id
  on machines for each row when (
    (old.hostname, old.architecture, old.firmware, old.serial, old.zone_id, old.pool_id)
      is distinct from (new.hostname, new.architecture, new.firmware, new.serial, new.zone_id, new.pool_id)
    or (old.inventory is distinct from new.inventory))
  execute function queue_machine();
create trigger queue_card after insert or update of mac, machine_id or delete on interfaces
  for each row execute function queue_part_of_machine();
create trigger queue_lshw after insert or update on machine_lshw
  for each row execute function queue_part_of_machine();
create trigger queue_zone after update of name on zones for each row when (old.name <> new.name)
  execute function queue_machines_of_place('zone_id');
create trigger queue_pool after update of name on pools for each row when (old.name <> new.name)
  execute function queue_machines_of_place('pool_id');

-- What commissioning found, where it was not as before.
create table inventories (
  id bigint generated always as identity primary key,
  machine_id text not null references machines on delete cascade,
  taken_at timestamptz not null default now(),
  inventory jsonb not null
);
create index on inventories (machine_id, id);
insert into inventories (machine_id, taken_at, inventory)
  select id, created_at, inventory from machines where inventory is not null;

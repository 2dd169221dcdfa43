-- Names (RFC 1035). Machines, devices and resources are each in one domain.
create table domains (
  id bigint generated always as identity (minvalue 0) primary key,
  name text not null unique,
  authoritative boolean not null default true,
  ttl integer check (ttl between 1 and 604800),
  forward_servers text[] not null default '{}',
  preferred boolean not null default false
);
create unique index on domains (preferred) where preferred;
-- What always exists, with MAAS's number.
insert into domains (id, name, preferred) overriding system value values (0, 'maas', true);
alter table domains alter column id restart with 1;
-- Serial number of the zones, for whichever server serves them (RFC 1035 3.3.13).
create sequence dns_serial as bigint minvalue 1 maxvalue 4294967295 cycle;
create function preferred_domain() returns bigint language sql stable as 'select id from domains where preferred';

create table dns_resources (
  id bigint generated always as identity primary key,
  domain_id bigint not null references domains,
  name text not null,
  address_ttl integer check (address_ttl between 0 and 604800),
  created_at timestamptz not null default now(),
  unique (domain_id, name)
);
create table dns_resource_addresses (
  resource_id bigint not null references dns_resources on delete cascade,
  address inet not null,
  primary key (resource_id, address)
);
create index on dns_resource_addresses (address);
create table dns_records (
  id bigint generated always as identity primary key,
  resource_id bigint not null references dns_resources on delete cascade,
  type text not null check (type in ('CNAME', 'MX', 'NS', 'SRV', 'SSHFP', 'TXT')),
  data text not null,
  ttl integer check (ttl between 0 and 604800),
  unique (resource_id, type, data)
);

alter table machines add column domain_id bigint not null default preferred_domain() references domains;
create index on machines (domain_id);

-- What has addresses and names, and is not provisioned: a switch, a printer, a container of a machine.
create table devices (
  id text primary key,
  hostname text not null unique,
  description text not null default '',
  domain_id bigint not null default preferred_domain() references domains,
  zone_id bigint not null default 1 references zones on delete set default,
  owner_id bigint references users on delete set null,
  parent_id text references machines on delete cascade,
  address_ttl integer,
  swap_size bigint,
  owner_data jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index on devices (zone_id);
create index on devices (domain_id);
create index on devices (owner_id) where owner_id is not null;
create index on devices (parent_id) where parent_id is not null;

alter table interfaces
  alter column machine_id drop not null,
  -- the address that is this interface's alone, which frames are told apart by. A bond, bridge or VLAN that goes by the
  -- address of a card has none: it is the card's, so whoever looks for an address finds one interface
  alter column mac drop not null,
  add column device_id text references devices on delete cascade,
  add column type text not null default 'physical' check (type in ('physical', 'bond', 'bridge', 'vlan')),
  -- of which of several parents it takes its address; null: the first
  add column mac_from_id bigint references interfaces on delete set null,
  -- null: not connected
  add column vlan_id bigint references vlans on delete set null,
  add column enabled boolean not null default true,
  -- null: as the VLAN says
  add column mtu integer check (mtu between 552 and 65535),
  add column tags text[] not null default '{}',
  -- options of the bond or bridge, by MAAS's names, and accept_ra
  add column params jsonb not null default '{}',
  -- an operator decided where it is connected: commissioning leaves it as it is
  add column configured boolean not null default false,
  -- a bridge that was made by an allocation and ends with it
  add column acquired boolean not null default false,
  -- what the card tells, so that lists read no inventory
  add column vendor text,
  add column product text,
  add column firmware_version text,
  add column link_connected boolean not null default true,
  add column interface_speed integer not null default 0,
  add column link_speed integer not null default 0,
  add column numa_node integer,
  add column sriov_max_vf integer not null default 0,
  -- addresses seen on it while the machine was commissioned, with their prefix lengths
  add column seen text[] not null default '{}',
  add check (num_nonnulls(machine_id, device_id) = 1),
  add check (type <> 'physical' or mac is not null);
create index on interfaces (device_id) where device_id is not null;
create index on interfaces (vlan_id) where vlan_id is not null;
update interfaces set
  vendor = details ->> 'vendor', product = details ->> 'product', firmware_version = details ->> 'firmware_version',
  link_connected = coalesce(details ->> 'link' <> 'false', true),
  interface_speed = least(coalesce(inventory_number(details, '{max_speed_mbps}'), 0), 2147483647),
  link_speed = least(coalesce(inventory_number(details, '{speed_mbps}'), 0), 2147483647),
  numa_node = case when inventory_number(details, '{numa_node}') between 0 and 2147483647
    then inventory_number(details, '{numa_node}') end,
  sriov_max_vf = least(coalesce(inventory_number(details, '{sriov_max_vfs}'), 0), 2147483647);

create table interface_parents (
  interface_id bigint not null references interfaces on delete cascade,
  parent_id bigint not null references interfaces on delete cascade,
  primary key (interface_id, parent_id)
);
create index on interface_parents (parent_id);

create table interface_links (
  id bigint generated always as identity primary key,
  interface_id bigint not null references interfaces on delete cascade,
  mode text not null check (mode in ('auto', 'dhcp', 'static', 'link_up')),
  subnet_id bigint references subnets on delete cascade,
  ip_address_id bigint unique references ip_addresses on delete set null,
  -- traffic of this family leaves the machine here, as somebody chose
  default_gateway boolean not null default false,
  check (mode <> 'auto' or subnet_id is not null)
);
create index on interface_links (interface_id);
create index on interface_links (subnet_id);
-- The address of a link is free again when the link is gone, however it went.
create function free_link_address() returns trigger language plpgsql as $$
begin
  delete from ip_addresses where id = old.ip_address_id;
  return null;
end
$$;
create trigger free_link_address after delete on interface_links
  for each row when (old.ip_address_id is not null) execute function free_link_address();

-- Cards of devices have no tags to evaluate.
create or replace function queue_part_of_machine() returns trigger language plpgsql as $$
begin
  insert into tag_queue (machine_id) select id from unnest(array[new.machine_id, old.machine_id]) as id
    where id is not null limit 1;
  perform pg_notify('rackwright_tags', '');
  return null;
end
$$;

-- Since when what was seen counts again: of one card with one address, or of all (both null).
create table discovery_clearings (
  mac text,
  address inet,
  cleared_at timestamptz not null,
  unique nulls not distinct (mac, address)
);

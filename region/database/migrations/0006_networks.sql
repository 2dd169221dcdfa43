create table fabrics (
  id bigint generated always as identity (minvalue 0 start 0) primary key,
  name text not null unique,
  description text not null default '',
  class_type text
);
create table spaces (
  id bigint generated always as identity primary key,
  name text not null unique,
  description text not null default ''
);
create table vlans (
  -- MAAS's numbers begin here too, so that nobody takes one for a VLAN tag
  id bigint generated always as identity (start 5001) primary key,
  fabric_id bigint not null references fabrics on delete cascade,
  vid integer not null check (vid between 0 and 4094),
  name text,
  description text not null default '',
  mtu integer not null default 1500,
  space_id bigint references spaces on delete set null,
  primary_rack_id bigint references racks on delete set null,
  secondary_rack_id bigint references racks on delete set null,
  relay_vlan_id bigint references vlans on delete set null,
  -- address of a DHCP server that is not ours, as a rack saw it last
  external_dhcp inet,
  unique (fabric_id, vid)
);
create index on vlans (space_id);

-- What always exists: MAAS's fabric 0 with its untagged VLAN.
insert into fabrics (name) values ('fabric-0');
insert into vlans (fabric_id, vid, name) values (0, 0, 'untagged');

alter table subnets
  -- null: named by its network
  add column name text,
  add column description text not null default '',
  -- what nobody says otherwise of is in the VLAN that always exists
  add column vlan_id bigint not null default 5001 references vlans,
  add column rdns_mode smallint not null default 2 check (rdns_mode in (0, 1, 2)),
  add column active_discovery boolean not null default false,
  add column allow_dns boolean not null default true,
  add column allow_proxy boolean not null default true,
  -- not managed: addresses are given only from its reserved ranges
  add column managed boolean not null default true,
  add column disabled_boot_architectures text[] not null default '{}';
create index on subnets (vlan_id);

alter table ip_ranges
  add column comment text not null default '',
  add column user_id bigint references users on delete set null;

create table static_routes (
  id bigint generated always as identity primary key,
  source_id bigint not null references subnets on delete cascade,
  destination_id bigint not null references subnets on delete cascade,
  gateway inet not null,
  metric integer not null default 0,
  unique (source_id, destination_id, gateway)
);

-- An address kept for a network card: DHCP gives it this one and no other.
create table reserved_ips (
  id bigint generated always as identity primary key,
  subnet_id bigint not null references subnets on delete cascade,
  address inet not null unique,
  mac text not null,
  comment text not null default '',
  unique (subnet_id, mac)
);

-- An address somebody set aside, or that is configured on an interface (interface_links).
create table ip_addresses (
  id bigint generated always as identity primary key,
  address inet not null unique,
  subnet_id bigint references subnets on delete cascade,
  -- 'user': reserved by a user; 'static': fixed on an interface; 'auto': picked for one when it is deployed
  kind text not null check (kind in ('user', 'static', 'auto')),
  user_id bigint references users on delete cascade,
  mac text,
  hostname text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index on ip_addresses (subnet_id);

-- Six characters as for machines: the name of a rack as a controller.
alter table racks add column system_id text not null unique default substr(md5(gen_random_uuid()::text), 1, 6);

create table settings (
  name text primary key,
  value jsonb not null
);

create table users (
  id bigint generated always as identity primary key,
  username text not null unique,
  password_hash text not null,
  administrator boolean not null default false,
  created_at timestamptz not null default now()
);

create table ssh_keys (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  key text not null,
  created_at timestamptz not null default now(),
  unique (user_id, key)
);

-- An API key is consumer:token:secret. Only a hash of the secret is kept.
create table tokens (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  name text not null default '',
  consumer_key text not null,
  token_key text not null unique,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);

create table sessions (
  id_hash bytea primary key,
  user_id bigint not null references users on delete cascade,
  csrf_token text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create table racks (
  id bigint generated always as identity primary key,
  name text not null unique,
  secret bytea not null,
  version text,
  http_port integer,
  interfaces jsonb not null default '[]',
  connected_at timestamptz,
  disconnected_at timestamptz,
  -- refreshed by the region that holds the link: a killed region leaves no rack "connected" for ever
  seen_at timestamptz,
  -- identity of the rack process and how far its events were taken
  boot text,
  events_through bigint not null default -1,
  created_at timestamptz not null default now()
);

create table subnets (
  id bigint generated always as identity primary key,
  cidr cidr not null unique,
  gateway inet,
  dns_servers inet[] not null default '{}',
  ntp_servers inet[] not null default '{}',
  mtu integer,
  dhcp boolean not null default false,
  created_at timestamptz not null default now()
);

create table ip_ranges (
  id bigint generated always as identity primary key,
  subnet_id bigint not null references subnets on delete cascade,
  kind text not null check (kind in ('dynamic', 'reserved')),
  first inet not null,
  last inet not null,
  check (first <= last)
);
create index on ip_ranges (subnet_id);

create table images (
  name text not null,
  architecture text not null,
  kind text not null check (kind in ('bootloader', 'ephemeral', 'deployable')),
  title text not null,
  os text not null,
  release text not null,
  recipe text not null,
  built_at timestamptz not null,
  files jsonb not null,
  registered_at timestamptz not null default now(),
  primary key (name, architecture)
);

create table machines (
  id text primary key,
  hostname text not null unique,
  status text not null,
  previous_status text,
  status_since timestamptz not null default now(),
  -- who is waited for, in words, and when the wait ends in failure; null where a status has no end of its own
  waits_for text,
  deadline timestamptz,
  failure jsonb,
  owner_id bigint references users on delete restrict,
  architecture text,
  firmware text,
  uuid text,
  serial text,
  power_driver text,
  power_parameters jsonb not null default '{}',
  power_state text not null default 'unknown',
  power_checked_at timestamptz,
  netboot boolean not null default true,
  boot_mac text,
  image text,
  user_data text,
  inventory jsonb,
  progress jsonb,
  -- grows with every life-cycle change: jobs and reports of an older one are void
  generation bigint not null default 0,
  created_at timestamptz not null default now()
);
create index on machines (status);
create index on machines (deadline) where deadline is not null;
create unique index on machines (uuid) where uuid is not null;

create table interfaces (
  id bigint generated always as identity primary key,
  machine_id text not null references machines on delete cascade,
  name text not null,
  mac text not null unique,
  details jsonb not null default '{}'
);
create index on interfaces (machine_id);

-- One row an address in use on a subnet. Leases are keyed by MAC; a machine's address does not change while it exists.
create table leases (
  subnet_id bigint not null references subnets on delete cascade,
  address inet not null,
  mac text not null,
  hostname text,
  state text not null check (state in ('offered', 'leased', 'declined')),
  expires_at timestamptz not null,
  updated_at timestamptz not null default now(),
  primary key (subnet_id, address)
);
create unique index on leases (subnet_id, mac) where state <> 'declined';
create index on leases (expires_at);

-- Credentials a machine uses towards metadata and agent routes. Replaced whenever the machine changes hands.
create table machine_credentials (
  machine_id text primary key references machines on delete cascade,
  consumer_key text not null,
  token_key text not null unique,
  token_secret text not null,
  created_at timestamptz not null default now()
);

create table agent_runs (
  machine_id text not null references machines on delete cascade,
  run text not null,
  -- what the run does and in which generation of the machine it began: its reports are void in any other
  task text not null default '',
  generation bigint not null default 0,
  through bigint not null default -1,
  updated_at timestamptz not null default now(),
  primary key (machine_id, run)
);

create table script_results (
  id bigint generated always as identity primary key,
  machine_id text not null references machines on delete cascade,
  name text not null,
  exit_status integer not null,
  runtime real not null,
  output text not null,
  error text not null,
  created_at timestamptz not null default now()
);
create index on script_results (machine_id, name);

create sequence events_id;
create table events (
  id bigint primary key,
  at timestamptz not null default now(),
  type text not null,
  level text not null default 'info',
  machine_id text,
  mac text,
  rack text,
  actor text,
  message text not null,
  data jsonb not null default '{}',
  failure jsonb
);
alter sequence events_id owned by events.id;
-- Ids come from a sequence, but transactions commit in another order. So that a reader with a cursor never passes one
-- over, a transaction holds a lock while its events are not committed, named after the newest id before its own (modulo
-- 2^31, as lock names go). 1163284301 is "EVNM", the class of these locks.
create function newest_event_id() returns bigint language sql volatile as
  'select case when is_called then last_value else 0 end from events_id';
create function number_event() returns trigger language plpgsql as $$
begin
  if current_setting('rackwright.numbering', true) is distinct from pg_current_xact_id()::text then
    perform pg_advisory_xact_lock_shared(1163284301, (newest_event_id() % 2147483648)::int);
    perform set_config('rackwright.numbering', pg_current_xact_id()::text, true);
  end if;
  new.id := nextval('events_id');
  return new;
end
$$;
create trigger number_event before insert on events for each row execute function number_event();
-- `through`: no event up to this id can appear any more; whoever reads in a later statement sees them all. First the
-- newest id, then the locks: what has an id by then either holds its lock still, or is over and visible afterwards.
create function settled_events(out through bigint, out newest bigint) language plpgsql volatile as $$
begin
  newest := newest_event_id();
  through := newest - coalesce((
    select max((newest % 2147483648 - objid::bigint + 2147483648) % 2147483648)
    from pg_locks
    where locktype = 'advisory' and objsubid = 2 and classid = 1163284301::oid
      and database = (select oid from pg_database where datname = current_database())
  ), 0);
end
$$;
create index on events (machine_id, id);
create index on events (mac, id) where mac is not null;
create index on events (type, id);

-- Who acts through the administrator's socket on the region's own host. '!' is the hash of no password.
insert into users (username, password_hash, administrator) values ('root', '!', true);

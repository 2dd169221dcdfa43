-- Orders in which machines are listed; the values of machines that have none come first.
create index machines_by_hostname on machines ((hostname collate "C"), id);
create index machines_by_status on machines ((status collate "C"), id);
create index machines_by_status_since on machines (status_since, id);
create index machines_by_cpu on machines ((coalesce(cpu_count, -1)), id);
create index machines_by_memory on machines ((coalesce(memory, -1)), id);
create index machines_by_storage on machines ((coalesce(storage, -1)), id);

-- What machines are counted by, side by side, so that counting reads this index and no machine.
create index machines_counted on machines (status, pool_id, owner_id, zone_id, architecture, power_state);
-- Machines change all the time (every BMC is asked every five minutes); only what was vacuumed since is counted from the
-- index alone.
alter table machines set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- Answers to requests that carried an Idempotency-Key, for a day. Of the key only a hash is kept, and the request under
-- a hash keyed by the key: whoever reads this table learns neither.
create table idempotency_keys (
  user_id bigint not null references users on delete cascade,
  key_hash bytea not null,
  request_hash bytea not null,
  created_at timestamptz not null,
  status integer not null,
  headers jsonb not null default '{}',
  -- null: it had a secret in it, or was too long to keep
  body text,
  primary key (user_id, key_hash)
);
create index on idempotency_keys (created_at);

create table webhooks (
  id bigint generated always as identity primary key,
  url text not null,
  description text not null default '',
  secret text not null,
  -- beginnings of event types; none: all
  types text[] not null default '{}',
  level text not null default 'info' check (level in ('debug', 'info', 'warning', 'error')),
  -- filter of machines, as text; null: events of anything
  filter text,
  enabled boolean not null default true,
  -- why the region itself disabled it
  disabled_reason text,
  -- since when every attempt has failed
  failing_since timestamptz,
  -- id of the last event that was looked at for it
  through bigint not null,
  created_at timestamptz not null default now()
);
create table webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id bigint not null references webhooks on delete cascade,
  -- the event as it is sent, so that it can be sent again as it was
  event_id bigint not null,
  event jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  created_at timestamptz not null,
  attempted_at timestamptz,
  -- of the last attempt: status of the answer, its beginning, or why there was none
  status integer,
  answer text,
  error text,
  milliseconds integer
);
create index on webhook_deliveries (webhook_id, id);
create index on webhook_deliveries (created_at);

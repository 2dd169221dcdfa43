-- Texts of scripts by their hash. Never deleted: what ran on a machine stays known.
create table script_texts (
  sha256 text primary key,
  size integer not null,
  text text not null
);

create table scripts (
  id bigint generated always as identity primary key,
  name text not null unique,
  type text not null check (type in ('commissioning', 'testing', 'release')),
  hardware_type text not null check (hardware_type in ('cpu', 'memory', 'storage', 'network', 'gpu', 'node')),
  title text not null default '',
  description text not null default '',
  tags text[] not null default '{}',
  -- seconds; 0: without limit
  timeout integer not null,
  parallel text not null check (parallel in ('disabled', 'instance', 'any')),
  -- as the header has them, in its order
  parameters json not null default '{}',
  results json not null default '{}',
  packages jsonb not null default '{}',
  for_hardware text[] not null default '{}',
  destructive boolean not null default false,
  may_reboot boolean not null default false,
  recommission boolean not null default false,
  apply_configured_networking boolean not null default false,
  builtin boolean not null default false,
  sha256 text not null references script_texts,
  updated_at timestamptz not null default now()
);

create table script_versions (
  id bigint generated always as identity primary key,
  -- null once the script is deleted
  script_id bigint references scripts on delete set null,
  name text not null,
  sha256 text not null references script_texts,
  comment text not null default '',
  created_by text not null,
  created_at timestamptz not null default now()
);
create index on script_versions (script_id, id);
create index on script_versions (sha256);

-- Scripts that were prepared together for one machine.
create table script_sets (
  id bigint generated always as identity primary key,
  machine_id text not null references machines on delete cascade,
  type text not null check (type in ('commissioning', 'testing', 'release', 'installation')),
  -- names and tags asked for; null: what runs by default
  requested jsonb,
  requested_by text not null,
  created_at timestamptz not null default now(),
  -- when the machine was done with it; nothing is added to it and nothing of it runs any more
  closed_at timestamptz
);
create index on script_sets (machine_id, type, id);

drop table script_results;
create table script_results (
  id bigint generated always as identity primary key,
  set_id bigint not null references script_sets on delete cascade,
  machine_id text not null references machines on delete cascade,
  name text not null,
  status text not null,
  -- null: told by a machine on its own, there was no script of ours
  sha256 text references script_texts,
  -- of the script, as they were when it was asked for
  spec json not null,
  -- values given for its parameters; passwords are taken out once it ended
  parameters jsonb not null default '{}',
  -- what the machine gets; null until the inventory says on which devices it runs
  arguments jsonb,
  device text,
  exit_status integer,
  runtime real,
  results json not null default '{}',
  error text,
  suppressed boolean not null default false,
  -- the run of the agent that runs it
  run text,
  -- bytes of both streams together that came so far, in the order they came
  combined bigint not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index on script_results (set_id);
create index on script_results (machine_id, id);
create index on script_results (started_at) where started_at is not null and ended_at is null;

-- How far a stream came. `base` is where the present run of the script began: after a reboot it begins at 0 again.
create table script_streams (
  result_id bigint not null references script_results on delete cascade,
  stream text not null check (stream in ('out', 'err')),
  base bigint not null default 0,
  through bigint not null default 0,
  primary key (result_id, stream)
);

-- Pieces of output: where they are in their stream, and where in the output of both together.
create table script_output (
  result_id bigint not null references script_results on delete cascade,
  stream text not null check (stream in ('out', 'err')),
  position bigint not null,
  size integer not null,
  combined bigint not null,
  data bytea not null,
  primary key (result_id, stream, position)
);
create index on script_output (result_id, combined);

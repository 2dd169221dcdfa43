-- What users did, found without a walk over what machines did. The same words are in region/events/read.ts.
create index events_of_users on events (actor, id) where actor not in ('machine', 'rack', 'region');
create index events_audit on events (id)
  where actor not in ('machine', 'rack', 'region') and (type like '%.changed' or type in ('machine.action', 'machine.deleted'));
create index events_grave on events (id) where level in ('warning', 'error');

-- Phases of machines' lives that are over, and the steps in them: what the timeline shows, and what is usual for a
-- model. A row outlives its machine, for the model's sake.
create table phase_times (
  id bigint generated always as identity primary key,
  machine_id text not null,
  -- vendor and product of the machine's DMI, empty while they are not known
  vendor text not null default '',
  product text not null default '',
  phase text not null,
  -- when the phase began: with machine and phase it tells which steps belong together
  phase_started_at timestamptz not null,
  -- empty for the phase itself
  step text not null default '',
  title text not null,
  outcome text not null check (outcome in ('ok', 'failed')),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  seconds double precision not null
);
create index on phase_times (machine_id, phase_started_at);
create index phase_times_usual on phase_times (vendor, product, phase, step, id) where outcome = 'ok';

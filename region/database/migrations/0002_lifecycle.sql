alter table machines
  add column locked boolean not null default false,
  -- the system it was deployed with is there, until it is released, deployed anew or commissioned
  add column installed boolean not null default false,
  -- it was deployed to memory: every start boots the image from the network
  add column ephemeral boolean not null default false,
  -- its disks were to be erased, and neither was that done nor did an operator release it without
  add column unerased boolean not null default false,
  -- the failure of `previous_status`, for a machine that comes back to it from tests or rescue mode
  add column previous_failure jsonb,
  -- the status whose deadlines count where they are not those of its own status
  add column patience text,
  -- who asked last: with rescue mode, whose keys open it
  add column operator_id bigint references users on delete set null,
  -- stays on after its tests for somebody to log in
  add column keep_on boolean not null default false;

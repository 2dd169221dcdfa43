-- Where a key was imported from (lp:USER, gh:USER); empty: given by hand.
alter table ssh_keys add column source text not null default '';

-- Certificates of users, by which installed systems may know them.
create table ssl_keys (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  key text not null,
  created_at timestamptz not null default now()
);
create unique index on ssl_keys (user_id, md5(key));

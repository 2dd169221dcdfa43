-- Who may do what: groups, and roles given to users or groups, for one pool or for every pool.
create table groups (
  id bigint generated always as identity primary key,
  name text not null unique,
  description text not null default '',
  created_at timestamptz not null default now()
);
create table group_members (
  group_id bigint not null references groups on delete cascade,
  user_id bigint not null references users on delete cascade,
  -- who says so: null an administrator, else the provider (oidc:NAME, ldap:NAME) whose groups are looked at on log-in
  source text,
  primary key (group_id, user_id)
);
create index on group_members (user_id);
create table grants (
  id bigint generated always as identity primary key,
  user_id bigint references users on delete cascade,
  group_id bigint references groups on delete cascade,
  role text not null check (role in ('administrator', 'operator', 'user', 'auditor')),
  -- null: every pool
  pool_id bigint references pools on delete cascade,
  check (num_nonnulls(user_id, group_id) = 1),
  -- of a user it is users.administrator, and nobody is administrator of some pools only
  check (role <> 'administrator' or (group_id is not null and pool_id is null)),
  unique nulls not distinct (user_id, group_id, role, pool_id)
);
create index on grants (group_id);
create index on grants (pool_id);
insert into grants (user_id, role) select id, 'user' from users where username <> 'root';

alter table users
  add column email text not null default '',
  add column full_name text not null default '',
  -- false: a provider says who it is, and the user has no password here
  add column is_local boolean not null default true,
  add column last_login_at timestamptz;

-- Who a user is to a provider.
create table identities (
  provider text not null,
  subject text not null,
  user_id bigint not null references users on delete cascade,
  created_at timestamptz not null default now(),
  primary key (provider, subject)
);
create index on identities (user_id);

alter table tokens
  add column scope text not null default 'all' check (scope in ('all', 'read')),
  add column pool_id bigint references pools on delete cascade,
  add column expires_at timestamptz;

alter table sessions
  add column id bigint generated always as identity unique,
  add column address text,
  add column user_agent text,
  add column provider text not null default 'password',
  add column last_used_at timestamptz;
create index on sessions (user_id);

-- Failed attempts to log in, of a name or from an address; here and not in memory, so that every region counts alike.
create table login_failures (
  kind text not null check (kind in ('name', 'address')),
  key text not null,
  failures integer not null,
  since timestamptz not null,
  last_at timestamptz not null,
  primary key (kind, key)
);
create index on login_failures (last_at);

create table oidc_providers (
  id bigint generated always as identity primary key,
  name text not null unique,
  title text not null default '',
  issuer text not null,
  client_id text not null,
  -- encrypted, see region/secrets; null: a public client
  client_secret text,
  scopes text not null,
  username_claim text not null,
  groups_claim text,
  -- where the provider sends browsers back to; null: to where they came from
  redirect_uri text,
  -- their group: our group
  group_map jsonb not null default '{}',
  administrator_groups text[] not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);
-- Log-ins that were sent to a provider and have not come back.
create table oidc_logins (
  state_hash bytea primary key,
  provider_id bigint not null references oidc_providers on delete cascade,
  nonce text not null,
  verifier text not null,
  redirect_uri text not null,
  return_to text not null,
  expires_at timestamptz not null
);
create index on oidc_logins (expires_at);

create table ldap_servers (
  id bigint generated always as identity primary key,
  name text not null unique,
  url text not null,
  start_tls boolean not null default false,
  -- certificates that are trusted, PEM; null: those of the system
  ca text,
  -- how a user is found: either the pattern of a DN with {username}, or a search
  user_dn text,
  bind_dn text,
  -- encrypted
  bind_password text,
  user_base text,
  user_filter text not null default '(uid={username})',
  username_attribute text not null default 'uid',
  group_base text,
  group_filter text not null default '(member={dn})',
  group_attribute text not null default 'cn',
  group_map jsonb not null default '{}',
  administrator_groups text[] not null default '{}',
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

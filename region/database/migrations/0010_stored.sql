-- What is said to users: to one, to administrators, or to everybody.
create table notifications (
  id bigint generated always as identity primary key,
  -- by which a program finds its notification again
  ident text unique,
  user_id bigint references users on delete cascade,
  users boolean not null default false,
  admins boolean not null default false,
  -- {names} in it are filled from the context
  message text not null,
  context jsonb not null default '{}',
  category text not null default 'info' check (category in ('error', 'warning', 'success', 'info')),
  dismissable boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table notification_dismissals (
  notification_id bigint not null references notifications on delete cascade,
  user_id bigint not null references users on delete cascade,
  primary key (notification_id, user_id)
);

create table package_repositories (
  id bigint generated always as identity primary key,
  name text not null unique,
  url text not null,
  distributions text[] not null default '{}',
  disabled_pockets text[] not null default '{}',
  disabled_components text[] not null default '{}',
  disable_sources boolean not null default true,
  components text[] not null default '{}',
  arches text[] not null default '{}',
  key text not null default '',
  enabled boolean not null default true,
  -- Ubuntu's own archives, which always are there: 'main_archive' and 'ports_archive'
  builtin text unique
);
insert into package_repositories (name, url, arches, builtin) values
  ('main_archive', 'http://archive.ubuntu.com/ubuntu', '{amd64,i386}', 'main_archive'),
  ('ports_archive', 'http://ports.ubuntu.com/ubuntu-ports', '{armhf,arm64,ppc64el,s390x}', 'ports_archive');

create table license_keys (
  id bigint generated always as identity primary key,
  osystem text not null,
  distro_series text not null,
  -- encrypted, see region/secrets
  license_key text not null,
  unique (osystem, distro_series)
);

-- Files that programs keep with the region, each user's own.
create table files (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  filename text not null,
  -- by which a stranger may read it
  key text not null unique default gen_random_uuid()::text,
  size bigint not null,
  content bytea not null,
  created_at timestamptz not null default now(),
  unique (user_id, filename)
);

create table boot_sources (
  id bigint generated always as identity primary key,
  name text not null,
  url text not null unique,
  -- of sources with the same image, the one with the higher number is asked
  priority integer not null,
  enabled boolean not null default true,
  keyring_filename text not null default '',
  keyring_data bytea not null default '',
  skip_keyring_verification boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table boot_source_selections (
  id bigint generated always as identity primary key,
  boot_source_id bigint not null references boot_sources on delete cascade,
  os text not null,
  release text not null,
  arches text[] not null default '{*}',
  subarches text[] not null default '{*}',
  labels text[] not null default '{*}',
  unique (boot_source_id, os, release)
);

-- MAAS's API shows images of the store and images that are being uploaded as one list, by number.
create sequence image_ids;
alter table images add column id bigint not null unique default nextval('image_ids');

create table custom_images (
  id bigint primary key default nextval('image_ids'),
  -- as it was uploaded: 'x', 'custom/x', 'windows/x'
  name text not null,
  -- the image of the store it becomes
  image text not null unique,
  architecture text not null,
  title text not null default '',
  base_image text not null default '',
  created_at timestamptz not null default now(),
  unique (name, architecture)
);
create table image_uploads (
  id bigint generated always as identity primary key,
  custom_image_id bigint not null references custom_images on delete cascade,
  version text not null,
  filetype text not null,
  sha256 text not null,
  size bigint not null,
  received bigint not null default 0,
  uploaded_by text not null,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  unique (custom_image_id, version)
);
-- How much of a file a region has, as other regions tell it.
create table image_sync_progress (
  upload_id bigint not null references image_uploads on delete cascade,
  system_id text not null,
  size bigint not null,
  primary key (upload_id, system_id)
);

-- What MAAS's API says of a provider and we do not need: kept for its clients.
alter table oidc_providers
  add column token_type text not null default 'JWT' check (token_type in ('JWT', 'Opaque')),
  add column vendor text not null default 'Generic' check (vendor in ('Generic', 'EntraID', 'Auth0', 'Keycloak'));

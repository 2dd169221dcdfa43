import type { Generated } from "kysely";
import type { Instant, InstantOrNow, Identity, JsonOrDefault } from "./columns.ts";

export interface UsersTable {
  id: Identity;
  username: string;
  password_hash: string;
  administrator: Generated<boolean>;
  created_at: InstantOrNow;
  email: Generated<string>;
  full_name: Generated<string>;
  is_local: Generated<boolean>;
  last_login_at: Instant | null;
}

export interface GroupsTable {
  id: Identity;
  name: string;
  description: Generated<string>;
  created_at: InstantOrNow;
}

export interface GroupMembersTable {
  group_id: number;
  user_id: number;
  source: string | null;
}

export interface GrantsTable {
  id: Identity;
  user_id: number | null;
  group_id: number | null;
  role: "administrator" | "operator" | "user" | "auditor";
  pool_id: number | null;
}

export interface IdentitiesTable {
  provider: string;
  subject: string;
  user_id: number;
  created_at: InstantOrNow;
}

export interface LoginFailuresTable {
  kind: "name" | "address";
  key: string;
  failures: number;
  since: Instant;
  last_at: Instant;
}

export interface OidcProvidersTable {
  id: Identity;
  name: string;
  title: Generated<string>;
  issuer: string;
  client_id: string;
  client_secret: string | null;
  scopes: string;
  username_claim: string;
  groups_claim: string | null;
  redirect_uri: string | null;
  group_map: JsonOrDefault<Record<string, string>>;
  administrator_groups: Generated<string[]>;
  enabled: Generated<boolean>;
  created_at: InstantOrNow;
  token_type: Generated<string>;
  vendor: Generated<string>;
}

export interface OidcLoginsTable {
  state_hash: Buffer;
  provider_id: number;
  nonce: string;
  verifier: string;
  redirect_uri: string;
  return_to: string;
  expires_at: Instant;
}

export interface LdapServersTable {
  id: Identity;
  name: string;
  url: string;
  start_tls: Generated<boolean>;
  ca: string | null;
  user_dn: string | null;
  bind_dn: string | null;
  bind_password: string | null;
  user_base: string | null;
  user_filter: Generated<string>;
  username_attribute: Generated<string>;
  group_base: string | null;
  group_filter: Generated<string>;
  group_attribute: Generated<string>;
  group_map: JsonOrDefault<Record<string, string>>;
  administrator_groups: Generated<string[]>;
  enabled: Generated<boolean>;
  created_at: InstantOrNow;
}

export interface SshKeysTable {
  id: Identity;
  user_id: number;
  key: string;
  created_at: InstantOrNow;
  source: Generated<string>;
}

export interface SslKeysTable {
  id: Identity;
  user_id: number;
  key: string;
  created_at: InstantOrNow;
}

export interface TokensTable {
  id: Identity;
  user_id: number;
  name: Generated<string>;
  consumer_key: string;
  token_key: string;
  secret_hash: Buffer;
  created_at: InstantOrNow;
  last_used_at: Instant | null;
  scope: Generated<"all" | "read">;
  pool_id: number | null;
  expires_at: Instant | null;
}

export interface SessionsTable {
  id_hash: Buffer;
  user_id: number;
  csrf_token: string;
  created_at: InstantOrNow;
  expires_at: Instant;
  id: Identity;
  address: string | null;
  user_agent: string | null;
  provider: Generated<string>;
  last_used_at: Instant | null;
}

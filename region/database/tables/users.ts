import type { Generated } from "kysely";
import type { Instant, InstantOrNow, Identity } from "./columns.ts";

export interface UsersTable {
  id: Identity;
  username: string;
  password_hash: string;
  administrator: Generated<boolean>;
  created_at: InstantOrNow;
}

export interface SshKeysTable {
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
}

export interface SessionsTable {
  id_hash: Buffer;
  user_id: number;
  csrf_token: string;
  created_at: InstantOrNow;
  expires_at: Instant;
}

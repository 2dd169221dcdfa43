import type { Database } from "../../database/pool.ts";
import type { Sower } from "./sower.ts";

/** Users and groups with their rights, what belongs to the built-in user, and who vouches for others. Returns ids. */
export async function seedPeople(
  db: Database,
  sower: Sower,
  pools: readonly number[],
): Promise<{ people: number[]; root: number }> {
  const { fill, pick, whole, flag, some, subset, text, time, later, hash, named } = sower;
  const people = await fill("users", (index) => ({
    username: `${pick(["Anna", "bert"])}${index}`,
    password_hash: "!",
    administrator: flag(),
    created_at: time(),
    email: `${index}@example.org`,
    full_name: text(),
    is_local: flag(),
    last_login_at: some(time()),
  }));
  await fill(
    "login_failures",
    (index) => ({ kind: "name", key: `anna${index}`, failures: 5 + whole(10), since: time(), last_at: time() }),
    null,
  );
  const groups = await fill("groups", (index) => ({ ...named(index), created_at: time() }));
  await fill("group_members", (index) => ({ group_id: groups[index % 5], user_id: people[index] }), null);
  await fill("grants", (index) => ({
    user_id: people[index],
    role: pick(["operator", "user", "auditor"]),
    pool_id: some(pick(pools)),
  }));
  await fill("grants", (index) => ({
    group_id: groups[index],
    role: pick(["operator", "user", "auditor"]),
    pool_id: some(pick(pools)),
  }));
  const { id: root } = await db
    .selectFrom("users")
    .select("id")
    .where("username", "=", "root")
    .executeTakeFirstOrThrow();
  await fill("ssh_keys", (index) => ({
    user_id: root,
    key: `ssh-ed25519 AAAA${index} ${text()}`,
    source: pick(["", "gh:Anna"]),
    created_at: time(),
  }));
  await fill("tokens", (index) => ({
    user_id: root,
    name: text(),
    consumer_key: `c${index}`,
    token_key: `T${index}k`,
    secret_hash: hash(index),
    created_at: time(),
    last_used_at: some(time()),
    scope: pick(["all", "read"]),
    pool_id: some(pick(pools)),
    expires_at: some(later()),
  }));
  await fill("sessions", (index) => ({
    id_hash: hash(index),
    user_id: root,
    csrf_token: "x",
    created_at: time(),
    expires_at: later(),
    address: some(`10.0.0.${index}`),
    user_agent: some(text()),
    provider: pick(["password", "oidc:Main"]),
    last_used_at: some(time()),
  }));
  await fill("oidc_providers", (index) => ({
    name: `p${index}`,
    title: text(),
    issuer: `https://example.org/${whole(3)}`,
    client_id: text(),
    client_secret: some("s"),
    scopes: "openid",
    username_claim: text(),
    groups_claim: some(text()),
    group_map: {},
    administrator_groups: subset(["Admins", "ops"]),
    enabled: flag(),
    created_at: time(),
  }));
  await fill("ldap_servers", (index) => ({
    name: `l${index}`,
    url: `ldaps://ldap${whole(3)}.example.org`,
    start_tls: flag(),
    user_dn: some("uid={username}"),
    bind_dn: some("cn=Search"),
    bind_password: some("s"),
    user_base: some("dc=Org"),
    user_filter: "(uid={username})",
    username_attribute: text(),
    group_filter: "(member={dn})",
    group_attribute: text(),
    group_map: {},
    administrator_groups: subset(["Admins", "ops"]),
    enabled: flag(),
    created_at: time(),
  }));
  return { people, root };
}

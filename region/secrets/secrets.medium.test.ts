import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { json } from "../database/pool.ts";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { testMachine } from "../machines/testing.ts";
import { ensureRack, rackSecret } from "../racks/rows.ts";
import { readSettings } from "../settings/settings.ts";
import { readStored, writeStored } from "../settings/stored.ts";
import { SecretBox } from "./box.ts";
import { KeyFile } from "./keys.ts";
import { sealedDatabase } from "./secrets.ts";

let database: TestDatabase;
let folder: string;
before(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), "rackwright-secrets-"));
});
after(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const clear = { power_address: "192.0.2.1", power_user: "admin", power_pass: "hush-hush", k_g: "deadbeef" };
/** Everything a copy of the database would tell. */
async function stored(): Promise<string> {
  const tables = ["machines", "racks", "oidc_providers", "ldap_servers", "settings", "events", "webhooks"];
  const texts = [];
  for (const table of tables) {
    const { rows } = await sql<{
      row: string;
    }>`select t::text || ${table === "racks" ? sql`encode(secret, 'escape')` : sql`''`}
      as row from ${sql.table(table)} t`.execute(database.db);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join("\n");
}

test("the key file is made for its owner only, and one that others may read, or that is none, is refused", async () => {
  const path = join(folder, "own", "secrets.key");
  const first = KeyFile.open(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(KeyFile.open(path).current().id, first.current().id);
  await chmod(path, 0o640);
  assert.throws(() => KeyFile.open(path), /may be read by others/);
  await chmod(path, 0o600);
  for (const text of [
    "",
    "{}",
    '{"current":"00000000","keys":{}}',
    '{"current":"00000000","keys":{"00000000":"AAAA"}}',
  ]) {
    await writeFile(path, text);
    assert.throws(() => KeyFile.open(path), /no file of keys/);
  }
});

test("a sealed secret opens with its key and under its name only, and each sealing is another", () => {
  const box = new SecretBox(KeyFile.open(join(folder, "box.key")));
  const sealed = box.seal(Buffer.from("hush"), "power_parameters");
  assert.notEqual(sealed, box.seal(Buffer.from("hush"), "power_parameters"));
  assert.equal(box.open(sealed, "power_parameters").toString(), "hush");
  assert.throws(() => box.open(sealed, "bind_password"));
  const other = new SecretBox(KeyFile.open(join(folder, "other.key")));
  assert.throws(() => other.open(sealed, "power_parameters"), /not in .*other\.key/);
  const body = sealed.slice("rw1.00000000.".length);
  for (let position = 0; position < body.length - 1; position += 3) {
    const flipped = `${body.slice(0, position)}${body[position] === "A" ? "B" : "A"}${body.slice(position + 1)}`;
    assert.throws(() => box.open(`${sealed.slice(0, 13)}${flipped}`, "power_parameters"));
  }
});

test("what is in the clear is sealed at the start; queries read and write as if nothing were sealed", async () => {
  const { db: bare } = database;
  const { id } = await testMachine(bare, { power_parameters: json(clear) });
  await ensureRack(bare, "old", Buffer.from("a secret of the rack, 32 bytes.."));
  assert.match(await stored(), /hush-hush/);

  const keyFile = join(folder, "secrets.key");
  const { db } = await sealedDatabase(database.pool, keyFile);
  assert.doesNotMatch(await stored(), /hush-hush|deadbeef|a secret of the rack/);
  // What is no secret stays as it is: it is searched for.
  assert.match(await stored(), /192\.0\.2\.1/);
  const read = await db.selectFrom("machines").select("power_parameters").where("id", "=", id).executeTakeFirst();
  assert.deepEqual(read?.power_parameters, clear);
  assert.deepEqual(await rackSecret(db, "old"), Buffer.from("a secret of the rack, 32 bytes.."));

  await db.transaction().execute(async (tx) => {
    const power_parameters = json({ ...clear, power_pass: "in-a-transaction" });
    await tx.updateTable("machines").set({ power_parameters }).where("id", "=", id).execute();
    const row = await tx.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    assert.equal(row.power_parameters["power_pass"], "in-a-transaction");
  });
  await ensureRack(db, "old", Buffer.from("another secret of the rack......"));
  await ensureRack(db, "new", Buffer.from("a secret of the second rack....."));
  await testMachine(db, { power_parameters: json({ power_pass: "made-by-insert" }) });
  await db
    .insertInto("oidc_providers")
    .values({
      name: "o",
      issuer: "https://o.example",
      client_id: "c",
      client_secret: "oidc-hush",
      scopes: "openid",
      username_claim: "sub",
    })
    .execute();
  await db
    .insertInto("ldap_servers")
    .values([
      { name: "l", url: "ldap://l.example", bind_password: "ldap-hush" },
      { name: "m", url: "ldap://m.example", bind_password: null },
    ])
    .execute();
  assert.doesNotMatch(await stored(), /in-a-transaction|another secret|second rack|made-by-insert|oidc-hush|ldap-hush/);
  assert.deepEqual(await rackSecret(db, "old"), Buffer.from("another secret of the rack......"));
  const servers = await db.selectFrom("ldap_servers").select(["name", "bind_password"]).orderBy("name").execute();
  assert.deepEqual(servers, [
    { name: "l", bind_password: "ldap-hush" },
    { name: "m", bind_password: null },
  ]);

  // A text that looks as if it were sealed is a text like any other.
  const odd = `rw1.00000000.${"A".repeat(60)}`;
  await db.updateTable("ldap_servers").set({ bind_password: odd }).where("name", "=", "m").execute();
  const [m] = await db.selectFrom("ldap_servers").select("bind_password").where("name", "=", "m").execute();
  assert.equal(m?.bind_password, odd);
});

test("settings that are secret are sealed, also those from before; others stay readable", async () => {
  const { db: bare, pool } = database;
  await bare
    .insertInto("settings")
    .values({ name: "vcenter_password", value: json("setting-hush") })
    .execute();
  const { db, secrets } = await sealedDatabase(pool, join(folder, "secrets.key"));
  assert.doesNotMatch(await stored(), /setting-hush/);
  assert.equal(await readStored(db, "vcenter_password"), "setting-hush");
  assert.equal(await readStored(db, "maas_auto_ipmi_k_g_bmc_key"), "");
  // One that looks as if it were sealed, and one that is empty, are texts like any other.
  for (const text of ["bmc-hush", `rw1.${secrets.box.current}.${"A".repeat(60)}`, ""]) {
    assert.equal(await writeStored(db, "maas_auto_ipmi_k_g_bmc_key", text), text);
    assert.equal(await readStored(db, "maas_auto_ipmi_k_g_bmc_key"), text);
    await writeStored(db, "maas_name", text || "none");
    assert.equal(await readStored(db, "maas_name"), text || "none");
    await readSettings(db);
  }
  await writeStored(db, "maas_auto_ipmi_k_g_bmc_key", "bmc-hush");
  await writeStored(db, "maas_name", "a plain name");
  assert.doesNotMatch(await stored(), /bmc-hush/);
  assert.match(await stored(), /a plain name/);
  const former = secrets.box.current;
  await secrets.rotate(false);
  assert.ok(!(await stored()).includes(`rw1.${former}.`));
  assert.equal(await readStored(db, "maas_auto_ipmi_k_g_bmc_key"), "bmc-hush");
  assert.equal(await readStored(db, "vcenter_password"), "setting-hush");
});

test("a new key seals everything anew; the former one opens backups until it is forgotten", async () => {
  const keyFile = join(folder, "secrets.key");
  const { db, secrets } = await sealedDatabase(database.pool, keyFile);
  // Another region on the same file, which has not heard of the new key.
  const other = await sealedDatabase(database.pool, keyFile);
  const former = secrets.box.current;
  const before = await stored();
  assert.ok(before.includes(`rw1.${former}.`));
  const done = await secrets.rotate(false);
  assert.ok(done.sealed >= 6, String(done.sealed));
  assert.equal(done.forgotten, 0);
  const after = await stored();
  assert.ok(!after.includes(`rw1.${former}.`) && after.includes(`rw1.${done.current}.`));
  const passwords = async (from: typeof db) =>
    (await from.selectFrom("machines").select("power_parameters").execute())
      .map((row) => row.power_parameters["power_pass"])
      .toSorted((one = "", other = "") => one.localeCompare(other));
  assert.deepEqual(await passwords(db), ["in-a-transaction", "made-by-insert"]);
  assert.deepEqual(await passwords(other.db), ["in-a-transaction", "made-by-insert"]);
  assert.equal(Object.keys((JSON.parse(await readFile(keyFile, "utf8")) as { keys: object }).keys).length, 3);
  assert.equal((await secrets.rotate(true)).forgotten, 3);
  assert.deepEqual(await passwords(db), ["in-a-transaction", "made-by-insert"]);
  await assert.rejects(sealedDatabase(database.pool, join(folder, "wrong.key")), /sealed with other keys/);
});

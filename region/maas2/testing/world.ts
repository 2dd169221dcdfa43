import assert from "node:assert/strict";
import type { LogConfig } from "kysely";
import { json } from "../../database/pool.ts";
import { type TestApi, testApi } from "../../http/testing.ts";
import { randomSystemId } from "../../machines/credentials.ts";
import { testInventory, testMachine } from "../../machines/testing.ts";
import { createToken } from "../../users/tokens.ts";
import { createUser } from "../../users/users.ts";
import type { Asked, Person, Reply, World } from "./example.ts";
import { keyServer } from "./key-server.ts";
import { sshKey } from "./ssh-key.ts";
import { encodeForm, oauthHeader } from "./wire.ts";

/** A world for the tests of the MAAS face, on a database of its own. */
export async function testWorld({ queries }: { queries?: LogConfig } = {}): Promise<
  World & { api: TestApi; close: () => Promise<void> }
> {
  const server = await keyServer([sshKey(), sshKey()]);
  const api = await testApi({
    local: false,
    keySources: { lp: server.url, gh: server.url },
    ...(queries && { queries }),
  });
  const { db } = api.database;
  const person = async (username: string, administrator: boolean): Promise<Person> => {
    const password = `${username}-password-1`;
    const by = { actor: "test", now: new Date() };
    await createUser(db, { username, password, administrator }, by);
    const user = await db.selectFrom("users").select("id").where("username", "=", username).executeTakeFirstOrThrow();
    const { key } = await createToken(db, { id: user.id, username }, "test", by);
    return { id: user.id, username, password, key };
  };
  const people = {
    admin: await person("ada", true),
    user: await person("ben", false),
    other: await person("cleo", false),
  };
  const ask = async (method: string, path: string, asked: Asked = {}): Promise<Reply> => {
    const { query = {}, form, files, body, as = "admin", op = null } = asked;
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    );
    const search = new URLSearchParams([
      ...(op === null ? [] : [["op", op] satisfies [string, string]]),
      ...pairs,
    ]).toString();
    const sent = body ?? encodeForm(form, files);
    const answer = await api.app.inject({
      method: method as "GET",
      url: `${path.startsWith("/") ? path : `/MAAS/api/2.0/${path}`}${search === "" ? "" : `?${search}`}`,
      headers: {
        ...(as === "nobody" ? {} : { authorization: oauthHeader(people[as].key) }),
        ...(sent && { "content-type": sent.type }),
      },
      ...(sent && { payload: sent.data }),
    });
    return {
      status: answer.statusCode,
      type: answer.headers["content-type"] ?? "",
      headers: answer.headers,
      text: answer.body,
      bytes: answer.rawPayload,
      // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the answer expected
      json: <T>() => answer.json<T>(),
    };
  };
  let count = 0;
  const machine: World["machine"] = async (values = {}) => {
    const id = values.id ?? randomSystemId();
    const inventory = json(
      testInventory(`52:54:00:00:${id.charCodeAt(0).toString(16)}:${id.charCodeAt(1).toString(16)}`),
    );
    return (await testMachine(db, { id, status: "ready", inventory, ...values })).id;
  };
  return {
    app: api.app,
    api,
    db,
    people,
    ask,
    make: async (method, path, asked = {}) => {
      const answer = await ask(method, path, asked);
      assert.ok(answer.status < 300, `${method} ${path} ${asked.op ?? ""}: ${answer.status} ${answer.text}`);
      return answer.json();
    },
    fresh: (prefix = "name") => `${prefix}-${(count += 1)}`,
    machine,
    machineId: await machine(),
    close: async () => {
      await api.close();
      await server.close();
    },
  };
}

import { z } from "zod";
import type { Shapes } from "../testing/example.ts";

const text = z.string();
const action = z.strictObject({
  name: text,
  method: z.enum(["GET", "POST", "PUT", "DELETE"]),
  op: text.nullable(),
  restful: z.boolean(),
  doc: text,
});
const handler = z.strictObject({
  name: text,
  doc: text,
  params: z.array(text),
  path: text,
  uri: text,
  actions: z.array(action),
});
const resource = z.strictObject({ name: text, anon: handler.nullable(), auth: handler.nullable() });
const key = z.strictObject({ id: z.int(), key: text, resource_uri: text });
const newToken = z.strictObject({ token_key: text, token_secret: text, consumer_key: text, name: text });

export const identityShapes = {
  Version: z.strictObject({ version: text, subversion: text, capabilities: z.array(text) }),
  "GET describe/": z.strictObject({
    doc: text,
    hash: z.string().regex(/^[0-9a-f]{40}$/),
    resources: z.array(resource),
    handlers: z.array(handler),
  }),
  User: z.strictObject({
    username: text,
    email: text,
    is_superuser: z.boolean(),
    is_local: z.boolean(),
    resource_uri: text,
  }),
  SSHKey: key.extend({ keysource: text }),
  SSLKey: key,
  "POST account/ create_authorisation_token": newToken,
  "GET account/ list_authorisation_tokens": z.array(z.strictObject({ name: text, token: text })),
  UserGroup: z.strictObject({ id: z.int(), name: text, description: text, resource_uri: text }),
  "GET groups/{id}/ list_members": z.array(z.strictObject({ username: text, email: text })),
  "GET groups/{id}/ list_entitlements": z.array(
    z.strictObject({ resource_type: z.enum(["maas", "pool"]), resource_id: z.int(), entitlement: text }),
  ),
  Tag: z.strictObject({ name: text, definition: text, comment: text, kernel_opts: text, resource_uri: text }),
  "POST tags/{name}/ update_nodes": z.strictObject({ added: z.int(), removed: z.int() }),
  "POST tags/{name}/ rebuild": z.strictObject({ rebuilding: text }),
} satisfies Shapes;

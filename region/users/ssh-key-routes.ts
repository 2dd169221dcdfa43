import { pageOf, sshKey, sshKeyCreate, sshKeyImport } from "@rackwright/contract";
import { z } from "zod";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import { type KeySources, importSshKeys, publicKeySources } from "./key-import.ts";
import { addSshKey, deleteSshKey, pageOfSshKeys, sshKeyList } from "./ssh-keys.ts";
import { type UserDeps, nothing } from "./self.ts";

/** Routes of the caller's own SSH keys. */
export function registerSshKeys(
  routes: App,
  { db, clock, keySources = publicKeySources }: UserDeps & { keySources?: KeySources },
): void {
  const tags = ["ssh-keys"];
  routes.get(
    "/api/v1/ssh-keys",
    {
      schema: {
        tags,
        summary: "List own SSH keys",
        querystring: listQuery(sshKeyList),
        response: { 200: pageOf(sshKey) },
      },
    },
    async (incoming) => pageOfSshKeys(db, callerOf(incoming).id, incoming.query),
  );
  routes.post(
    "/api/v1/ssh-keys",
    {
      schema: {
        tags,
        summary: "Add an SSH key that deployed machines let in",
        body: sshKeyCreate,
        response: { 201: sshKey },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await addSshKey(db, callerOf(request), request.body.key, clock.now())),
  );
  routes.post(
    "/api/v1/ssh-keys/import",
    {
      config: { outside: true },
      schema: {
        tags,
        summary: "Add the SSH keys somebody publishes at Launchpad (lp:NAME) or GitHub (gh:NAME)",
        body: sshKeyImport,
        response: { 200: pageOf(sshKey) },
      },
    },
    async (incoming) => ({
      items: await importSshKeys(db, callerOf(incoming), incoming.body.from, {
        sources: keySources,
        now: clock.now(),
      }),
      next: null,
    }),
  );
  routes.delete(
    "/api/v1/ssh-keys/:id",
    {
      schema: {
        tags,
        summary: "Delete an own SSH key",
        params: z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await deleteSshKey(db, callerOf(request), request.params.id, clock.now());
      return reply.code(204).send();
    },
  );
}

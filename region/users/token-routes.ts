import { pageOf, token, tokenCreate, tokenCreated } from "@rackwright/contract";
import { z } from "zod";
import { listQuery } from "../filter/page.ts";
import type { App } from "../http/app.ts";
import { callerOf } from "../http/auth.ts";
import type { Caller } from "./access.ts";
import { createToken, deleteToken, listTokens, tokenList } from "./tokens.ts";
import { readUser } from "./users.ts";
import { type UserDeps, byName, nothing, selfOrAdministrator } from "./self.ts";

/** Routes of API keys, own ones and those of a named user. */
export function registerTokens(routes: App, { db, clock }: UserDeps): void {
  const tags = ["tokens"];
  const paths = [
    { path: "/api/v1/tokens", params: z.object({}) },
    { path: "/api/v1/users/:username/tokens", params: byName },
  ];
  for (const { path, params } of paths) {
    const whose = async (caller: Caller, named: object): Promise<{ id: number; username: string }> => {
      if (!("username" in named)) return caller;
      return readUser(db, selfOrAdministrator(caller, String(named.username)));
    };
    const by = (caller: Caller) => ({ actor: caller.username, now: clock.now() });
    routes.get(
      path,
      {
        schema: {
          tags,
          summary: "List API keys",
          params,
          querystring: listQuery(tokenList),
          response: { 200: pageOf(token) },
        },
      },
      async (incoming) => listTokens(db, (await whose(callerOf(incoming), incoming.params)).id, incoming.query),
    );
    routes.post(
      path,
      {
        schema: {
          tags,
          summary: "Make an API key; it is shown this once",
          params,
          body: tokenCreate,
          response: { 201: tokenCreated },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const owner = await whose(caller, request.params);
        const { name, ...limits } = request.body;
        return reply.code(201).send(await createToken(db, owner, name, by(caller), limits));
      },
    );
    routes.delete(
      `${path}/:id`,
      {
        schema: {
          tags,
          summary: "Delete an API key",
          params: params.extend({ id: z.string().max(64) }),
          response: { 204: nothing },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        await deleteToken(db, await whose(caller, request.params), request.params.id, by(caller));
        return reply.code(204).send();
      },
    );
  }
}

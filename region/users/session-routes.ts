import { session, sessionCreate } from "@rackwright/contract";
import { NotFound } from "../errors.ts";
import type { App } from "../http/app.ts";
import { cookieOf, sessionCookie } from "../http/auth.ts";
import { LoginLimiter } from "./limiter.ts";
import { type Session, closeSession, openSession, readSession } from "./sessions.ts";
import { type UserDeps, nothing } from "./self.ts";

/** Routes of sessions: log in, look, log out. */
export function registerSessions(routes: App, { db, clock }: UserDeps): void {
  const tags = ["sessions"];
  const limiter = new LoginLimiter();
  const toSession = ({ username: name, administrator, csrfToken, expiresAt }: Session) => ({
    username: name,
    administrator,
    csrf_token: csrfToken,
    expires_at: expiresAt.toISOString(),
  });
  const attributes = "Path=/; HttpOnly; SameSite=Strict";
  routes.post(
    "/api/v1/sessions",
    {
      config: { public: true },
      schema: { tags, summary: "Log in", body: sessionCreate, response: { 201: session } },
    },
    async (request, reply) => {
      const opened = await openSession(db, request.body, { address: request.ip, limiter, now: clock.now() });
      const seconds = Math.floor((opened.session.expiresAt.getTime() - clock.now().getTime()) / 1000);
      return reply
        .code(201)
        .header("set-cookie", `${sessionCookie}=${opened.id}; Max-Age=${seconds}; ${attributes}`)
        .send(toSession(opened.session));
    },
  );
  routes.get(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "The session of this browser", response: { 200: session } } },
    async (incoming) => {
      const cookie = cookieOf(incoming, sessionCookie);
      const found = cookie === undefined ? null : await readSession(db, cookie, clock.now());
      if (!found) throw new NotFound("This incoming came without a session.");
      return toSession(found);
    },
  );
  routes.delete(
    "/api/v1/sessions/current",
    { schema: { tags, summary: "Log out", response: { 204: nothing } } },
    async (request, reply) => {
      const cookie = cookieOf(request, sessionCookie);
      if (cookie !== undefined) await closeSession(db, cookie, clock.now());
      return reply.code(204).header("set-cookie", `${sessionCookie}=; Max-Age=0; ${attributes}`).send();
    },
  );
}

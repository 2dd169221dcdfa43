import type { TLSSocket } from "node:tls";
import type { App } from "../http/app.ts";

/** Paths by which racks, and machines through their rack, reach a region: in networks of their own, and proved in their own way. */
const internal = /^\/(rack|agent|MAAS\/metadata)(\/|\?|$)/;
/** Seconds for which a browser shall come by TLS only. */
const remembered = 365 * 86_400;

const isTls = (socket: object): socket is TLSSocket => "encrypted" in socket && socket.encrypted === true;

/**
 * Sends everybody who comes in the clear to the same address by TLS, but for what racks and machines ask; sockets of this
 * host are left alone.
 *
 * @param strict whether browsers shall never come in the clear again (RFC 6797). Not with a certificate of our own: they
 *   would not let anybody pass their warning any more
 */
export function preferTls(app: App, { strict }: { strict: boolean }): void {
  app.addHook("onRequest", async (request, reply) => {
    const { socket } = request.raw;
    if (isTls(socket)) {
      if (strict) void reply.header("strict-transport-security", `max-age=${remembered}`);
      return;
    }
    const path = request.url.replaceAll(/\/{2,}/g, "/");
    if (socket.remoteAddress === undefined || internal.test(path)) return;
    const sound = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/.test(request.host);
    if (!sound) return reply.code(400).send();
    // The same method and body again; what was in the clear already cannot be helped.
    return reply.code(308).header("location", `https://${request.host}${request.url}`).send();
  });
}

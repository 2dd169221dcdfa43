import { repeat } from "../background.ts";
import type { Clock } from "../clock.ts";
import type { App } from "../http/app.ts";
import { closeServer } from "../http/servers.ts";
import type { Log } from "../log.ts";
import { type CertificateFiles, ownCertificate, readCertificate } from "./certificate.ts";
import { preferTls } from "./redirect.ts";
import { alsoTls, tlsServer } from "./server.ts";

/** Milliseconds between two looks at the files of the certificate, which others renew. */
const lookEvery = 10_000;

/**
 * Lets the app's port speak TLS, with the certificate of these files or one of our own. A certificate that is renewed in its
 * files is taken by itself; one that cannot be used is told in the log, and the former one stays.
 *
 * @throws Error when the files cannot be used at the start
 */
export function serveTls(
  app: App,
  wish: CertificateFiles | "own",
  { state, clock, log }: { state: string; clock: Clock; log: Log },
) {
  const files = wish === "own" ? ownCertificate(state, clock.now()) : wish;
  let current = readCertificate(files);
  let refused = "";
  if (current.expires < clock.now())
    log.warn({ expires: current.expires.toISOString() }, "the certificate is not valid any more");
  const server = tlsServer(app, current);
  const { abandon } = alsoTls(app.server, server);
  // The port waits for every connection that came in by it.
  app.addHook("preClose", async () => {
    abandon();
    server.closeAllConnections();
  });
  preferTls(app, { strict: wish !== "own" });
  const reload = (): void => {
    try {
      const { cert, key, ...read } = readCertificate(files);
      refused = "";
      if (cert === current.cert && key === current.key) return;
      server.setSecureContext({ cert, key, minVersion: "TLSv1.2" });
      current = { cert, key, ...read };
      log.info(
        { fingerprint: current.fingerprint, expires: current.expires.toISOString() },
        "a new certificate is used",
      );
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      // Files are written one after the other: once for each problem is enough.
      if (words !== refused)
        log.warn({ error: words }, "the certificate in its files cannot be used; the former one is");
      refused = words;
    }
  };
  const looking = repeat("certificate", lookEvery, async () => reload(), log);
  return {
    server,
    reload,
    fingerprint: () => current.fingerprint,
    close: async () => {
      await looking.stop();
      await closeServer(server);
    },
  };
}

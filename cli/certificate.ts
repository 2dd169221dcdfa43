import { connect } from "node:tls";
import { CliError } from "./errors.ts";

/** Bounds how long a server may take to show its certificate. */
const patience = 10_000;

const plain = (fingerprint: string): string => fingerprint.replaceAll(/^sha256[:=]|[:\s]/gi, "").toUpperCase();

/**
 * The certificate a server shows, in PEM, if its SHA-256 fingerprint is the one given. Nothing is sent to it.
 *
 * @throws CliError with the fingerprint that was seen
 */
export async function certificateBy(url: URL, fingerprint: string): Promise<string> {
  const { seen, pem } = await shown(url);
  if (plain(seen) === plain(fingerprint)) return pem;
  throw new CliError(
    `The certificate of ${url.host} has another fingerprint: ${seen}.`,
    "Somebody may be between here and there. The region prints its own when it starts with --tls.",
    2,
  );
}

/** The fingerprint a server's certificate has, or null where it shows none. */
export async function fingerprintOf(url: URL): Promise<string | null> {
  return shown(url).then(
    ({ seen }) => seen,
    () => null,
  );
}

function shown(url: URL): Promise<{ seen: string; pem: string }> {
  return new Promise((resolve, reject) => {
    const port = Number(url.port || 443);
    const host = url.hostname.replaceAll(/^\[|\]$/g, "");
    // What it shows is compared by whoever called, and nothing is said to it before.
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: patience }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new CliError(`${url.host} shows no certificate.`, "Look at --url.", 3));
      else resolve({ seen: certificate.fingerprint256, pem: certificate.toString() });
    });
    socket.on("timeout", () => socket.destroy(new Error("it took too long")));
    socket.on("error", (error) =>
      reject(new CliError(`${url.host} does not answer over TLS: ${error.message}.`, "Look at --url.", 3)),
    );
  });
}

import { X509Certificate, createPrivateKey } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { selfSigned } from "./self-signed.ts";

/** Where a certificate and its key are, as PEM; the certificate with those that lead to its authority behind it. */
export type CertificateFiles = { certificate: string; key: string };
export type Certificate = { cert: string; key: string; fingerprint: string; expires: Date };

/** A certificate of our own is made for so long, and anew when so little is left, in milliseconds. */
const validFor = 10 * 365 * 86_400_000;
const renewBefore = 30 * 86_400_000;

/**
 * Reads a certificate with its key.
 *
 * @throws Error that names the file which cannot be used, without what is in it
 */
export function readCertificate({ certificate, key: keyFile }: CertificateFiles): Certificate {
  const [cert, key] = [certificate, keyFile].map(readText) as [string, string];
  const parsed = attempt(() => new X509Certificate(cert), `${certificate} holds no certificate in PEM.`);
  const secret = attempt(() => createPrivateKey(key), `${keyFile} holds no private key in PEM without a password.`);
  if (!parsed.checkPrivateKey(secret)) throw new Error(`The key in ${keyFile} is not the one of ${certificate}.`);
  attempt(() => createSecureContext({ cert, key }), `${certificate} cannot be used for TLS.`);
  return { cert, key, fingerprint: parsed.fingerprint256, expires: new Date(parsed.validTo) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function attempt<T>(work: () => T, otherwise: string): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(otherwise, { cause });
  }
}

/** The certificate of our own that is kept in a folder; made where there is none, or where it ends soon. */
export function ownCertificate(folder: string, now: Date): CertificateFiles {
  const files = { certificate: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  try {
    if (readCertificate(files).expires.getTime() - now.getTime() > renewBefore) return files;
  } catch {
    // There is none, or it was damaged: nobody can have trusted it.
  }
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => address),
  );
  const names = [...new Set([hostname(), "localhost", ...addresses.map((address) => address.split("%")[0] ?? "")])];
  const span = { from: new Date(now.getTime() - 3_600_000), to: new Date(now.getTime() + validFor) };
  const made = selfSigned(names, span);
  for (const [path, text] of [
    [files.key, made.key],
    [files.certificate, made.certificate],
  ] as const) {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return files;
}

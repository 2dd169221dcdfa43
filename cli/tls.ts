import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CliError } from "./errors.ts";
import { regionState, type Places } from "./places.ts";

export type TlsOptions = { tls?: boolean; tlsCertificate?: string; tlsKey?: string };

/** How the region shall serve by TLS: flags for it, and the file of the certificate it will use. Null: not at all. */
export function tlsFrom(options: TlsOptions, places: Places): { flags: string[]; certificate: string } | null {
  const { tls = false, tlsCertificate, tlsKey } = options;
  if ((tlsCertificate === undefined) !== (tlsKey === undefined))
    throw new CliError(
      "--tls-certificate and --tls-key are given both or not at all.",
      "Give both, or --tls alone for a certificate that is made here.",
      2,
    );
  if (tlsCertificate !== undefined && tlsKey !== undefined) {
    if (tls) throw new CliError("--tls makes a certificate, and one is given.", "Leave --tls out.", 2);
    const certificate = resolve(tlsCertificate);
    return { flags: ["--tls-certificate", certificate, "--tls-key", resolve(tlsKey)], certificate };
  }
  return tls ? { flags: ["--tls"], certificate: join(regionState(places), "tls.crt") } : null;
}

/** The fingerprint of the first certificate of a PEM file, by which somebody can tell that it is the right one. */
export async function fingerprintOf(certificate: string): Promise<string> {
  return new X509Certificate(await readFile(certificate, "utf8")).fingerprint256;
}

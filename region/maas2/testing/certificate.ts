import { execFileSync } from "node:child_process";

/** A certificate in PEM for this name, as openssl makes one. */
export function certificate(name: string): string {
  const argv = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null", "-days", "2"];
  return execFileSync("openssl", [...argv, "-subj", `/CN=${name}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

import { readdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Lab } from "@rackwright/lab";
import type { Context } from "../context.ts";
import { startControllers } from "../controllers.ts";
import { CliError } from "../errors.ts";
import { reviewInterfaces } from "../interfaces.ts";
import { placesFrom } from "../places.ts";
import { fingerprintOf, tlsFrom } from "../tls.ts";
import { parseDhcpOption, rangeOf, serveDhcp } from "../subnets.ts";

/** A TCP port from an option. */
export function portFrom(text: string, option: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new CliError(`${option} is '${text}'.`, "Give a port between 1 and 65535.", 2);
  }
  return port;
}

/** The URL of a PostgreSQL, looked at so far that a slip of the pen is told at once. */
function databaseFrom(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol))) return text;
  throw new CliError(
    "--database is not the URL of a PostgreSQL.",
    "Give one such as postgresql://rackwright@10.0.0.9:5432/rackwright.",
    2,
  );
}

/** A virtual rack that was made before; what knows of these is loaded only where one is served. */
const labOf = async (state: string): Promise<Lab> => (await import("@rackwright/lab")).loadLab(state);

/** `rackwright up`: region, rack and database on this host's networks, until Ctrl-C. */
export function upCommand(program: Command, context: Context): void {
  program
    .command("up")
    .description("start region, rack and database on this host and serve its networks")
    .option("--state <dir>", "folder that keeps everything (RACKWRIGHT_STATE)")
    .option("--port <port>", "port of the API and the page", "5240")
    .option("--listen <address>", "address of the API and the page", "0.0.0.0")
    .option(
      "--database <url>",
      "use this PostgreSQL (15 or newer) instead of a private one; a URL with a password is better in RACKWRIGHT_DATABASE",
    )
    .option("--tls", "serve by TLS, with a certificate that is made here and kept in the state folder")
    .option(
      "--tls-certificate <file>",
      "serve by TLS with this certificate (PEM, with those that lead to its authority)",
    )
    .option("--tls-key <file>", "the certificate's key (PEM)")
    .option("--secrets-key <file>", "file of the keys that seal secrets in the database; default: in the state folder")
    .option("--interface <device...>", "serve only these interfaces; default: all with an IPv4 address")
    .option(
      "--dhcp <network=first-last...>",
      "answer new machines on a network, such as 10.0.0.0/24=10.0.0.100-10.0.0.200",
    )
    .option("--lab <name>", "serve this virtual rack instead of the host's networks (see 'rackwright lab up')")
    .option("--json", "print one JSON object once everything serves")
    .action(
      async (options: {
        state?: string;
        port: string;
        listen: string;
        database?: string;
        interface?: string[];
        dhcp?: string[];
        lab?: string;
        json?: boolean;
        tls?: boolean;
        tlsCertificate?: string;
        tlsKey?: string;
        secretsKey?: string;
      }) => {
        const port = portFrom(options.port, "--port");
        const database = databaseFrom(options.database ?? (context.environment["RACKWRIGHT_DATABASE"] || undefined));
        const ranges = (options.dhcp ?? []).map(parseDhcpOption);
        const places = placesFrom(options.state, context.environment);
        const tls = tlsFrom(options, places);
        const lab = options.lab === undefined ? undefined : await labOf(join(places.state, "labs", options.lab));
        if (lab) ranges.push(rangeOf(lab.subnet));
        if (!lab) {
          const warnings = reviewInterfaces({
            interfaces: options.interface ?? [],
            networks: ranges.map(({ cidr }) => cidr),
            existing: await readdir("/sys/class/net"),
            addresses: networkInterfaces(),
          });
          for (const line of warnings) context.terminal.say(line);
        }
        context.terminal.say("Starting region, database and rack …");
        const controllers = await startControllers({
          places,
          port,
          listen: options.listen,
          ...(database === undefined ? {} : { database }),
          ...(tls === null ? {} : { tls: tls.flags }),
          ...(options.secretsKey === undefined ? {} : { secretsKey: resolve(options.secretsKey) }),
          interfaces: lab ? [lab.rackInterface] : (options.interface ?? []),
          ...(lab ? { rackNamespace: lab.namespace } : {}),
          onProblem: (line) => context.terminal.say(line),
        });
        try {
          for (const range of ranges) await serveDhcp(controllers.client, range);
          const fingerprint = tls === null ? undefined : await fingerprintOf(tls.certificate);
          if (options.json) context.terminal.print(JSON.stringify({ url: controllers.url, fingerprint }));
          context.terminal.say(`Rackwright serves at ${controllers.url}`);
          if (fingerprint !== undefined) context.terminal.say(`SHA-256 fingerprint of its certificate: ${fingerprint}`);
          context.terminal.say(
            "First steps: rackwright images build · rackwright createadmin --username NAME · Ctrl-C ends.",
          );
          await untilInterrupted(context.interrupted);
        } finally {
          context.terminal.say("Stopping …");
          await controllers.stop();
        }
      },
    );
}

/** Waits for Ctrl-C or SIGTERM. */
export function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener("abort", () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
}

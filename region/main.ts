import { resolve } from "node:path";
import { parseArgs } from "node:util";
import pino from "pino";
import { DatabaseUnusable } from "./database/check.ts";
import { startRegion } from "./region.ts";

const usage = `usage: region --state FOLDER --images FOLDER [--port 5240] [--listen ADDRESS] [--web FOLDER]
              [--tls | --tls-certificate FILE --tls-key FILE] [--secrets-key FILE]
              [--rack NAME=SECRETFILE]… [--agent FILE] [--database URL | --postgres FOLDER]
RACKWRIGHT_DATABASE may hold the URL instead, so that no password is among the arguments.`;

const log = pino({
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: ["password", "secret", "*.power_pass"],
});

function readFlags() {
  const { values } = parseArgs({
    strict: true,
    options: {
      state: { type: "string" },
      port: { type: "string", default: "5240" },
      listen: { type: "string", default: "0.0.0.0" },
      images: { type: "string" },
      web: { type: "string" },
      rack: { type: "string", multiple: true, default: [] },
      agent: { type: "string", default: resolve(import.meta.dirname, "../build/agent/agent.mjs") },
      database: { type: "string" },
      postgres: { type: "string" },
      "secrets-key": { type: "string" },
      tls: { type: "boolean", default: false },
      "tls-certificate": { type: "string" },
      "tls-key": { type: "string" },
    },
  });
  const { state, images } = values;
  if (state === undefined || images === undefined) throw new Error("--state and --images are needed.");
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535)
    throw new Error(`--port '${values.port}' must be a number from 0 to 65535.`);
  const { "tls-certificate": certificate, "tls-key": key } = values;
  if ((certificate === undefined) !== (key === undefined))
    throw new Error("--tls-certificate and --tls-key are given both or not at all.");
  const files =
    certificate === undefined || key === undefined
      ? undefined
      : { certificate: resolve(certificate), key: resolve(key) };
  const racks = values.rack.map((text) => {
    const [, name, secretFile] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || secretFile === undefined) throw new Error(`--rack '${text}' must be NAME=SECRETFILE.`);
    return { name, secretFile };
  });
  return {
    state: resolve(state),
    images: resolve(images),
    port: Number(values.port),
    listen: values.listen,
    web: values.web === undefined ? undefined : resolve(values.web),
    agent: values.agent,
    database: values.database ?? (process.env["RACKWRIGHT_DATABASE"] || undefined),
    postgres: values.postgres,
    tls: files ?? (values.tls ? ("own" as const) : undefined),
    secretsKey: values["secrets-key"] === undefined ? undefined : resolve(values["secrets-key"]),
    racks,
  };
}

if (process.argv.includes("--help")) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
let flags;
try {
  flags = readFlags();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exit(2);
}

process.on("unhandledRejection", (error) => {
  log.fatal({ error: error instanceof Error ? error.stack : String(error) }, "a defect: a failure nobody handled");
  process.exit(70);
});

try {
  const region = await startRegion({ ...flags, log });
  const end = (signal: NodeJS.Signals) => {
    log.info({ signal }, "stopping");
    // What does not end in time is left to the database, which loses nothing.
    setTimeout(() => process.exit(1), 30_000).unref();
    void region.stop().then(() => process.exit(0));
  };
  process.on("SIGHUP", () => region.reload());
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
} catch (error) {
  const next = error instanceof DatabaseUnusable ? { next: error.next } : {};
  log.fatal({ error: error instanceof Error ? error.message : String(error), ...next }, "the region could not start");
  // EX_CONFIG of sysexits(3): whoever keeps us running need not try again.
  process.exit(error instanceof DatabaseUnusable ? 78 : 1);
}

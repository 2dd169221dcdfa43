import { readFile, mkdir } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { registerAgentRoutes } from "./agent/index.ts";
import { repeat } from "./background.ts";
import { decideBoot } from "./boot/index.ts";
import { systemClock } from "./clock.ts";
import { describeHost, regionHeartbeat, regionSeen, registerRegion } from "./controllers/index.ts";
import { checkDatabase } from "./database/check.ts";
import { openJobs } from "./database/jobs.ts";
import { openNotifications } from "./database/listen.ts";
import { openLocks } from "./database/locks.ts";
import { migrate } from "./database/migrate.ts";
import { openPool } from "./database/pool.ts";
import { superviseServer } from "./database/supervisor.ts";
import { appendEvent } from "./events/append.ts";
import { followEvents } from "./events/tail.ts";
import { programVersion, registerApi } from "./http/api.ts";
import { buildApp } from "./http/app.ts";
import { closeServer, isAnswered, listenOnSocket, socketServer } from "./http/servers.ts";
import { sweepKeys } from "./http/idempotency.ts";
import { registerWeb } from "./http/web.ts";
import { ImageSync } from "./images/index.ts";
import { ensureAllLinks } from "./interfaces/ensure-links.ts";
import type { Log } from "./log.ts";
import { sweepDeadlines } from "./machines/sweep.ts";
import { registerMetadataRoutes } from "./metadata/index.ts";
import type { RackPower as PowerPort } from "./power/perform.ts";
import { refreshPower } from "./power/query.ts";
import { startPowerWorker } from "./power/worker.ts";
import { loadBuiltins, sweepScripts } from "./scripts/index.ts";
import { ensureAllStorage } from "./storage/index.ts";
import { sealedDatabase } from "./secrets/secrets.ts";
import type { CertificateFiles } from "./tls/certificate.ts";
import { serveTls } from "./tls/serve.ts";
import { missingXml, startTagger } from "./tags/index.ts";
import { startWebhooks, sweepDeliveries } from "./webhooks/index.ts";
import { RackLinks, RackPower, ensureRack, registerRackFetch, registerRackLink } from "./racks/index.ts";

export type RegionOptions = {
  /** Folder for the private database and the sockets. */
  state: string;
  /** TCP port of the API; 0 takes a free one. */
  port: number;
  /** Address to listen on. */
  listen: string;
  /** URL of a PostgreSQL server; without it a private one is run. */
  database?: string | undefined;
  /** Folder with the programs of PostgreSQL, for the private one. */
  postgres?: string | undefined;
  /** Folder of the image store. */
  images: string;
  /** Folder of the web page, if there is one. */
  web?: string | undefined;
  /** File of the agent. */
  agent: string;
  /** File of the keys that seal secrets in the database; by default `secrets.key` in the state folder. */
  secretsKey?: string | undefined;
  /** Serve by TLS: with this certificate, or one of our own that is kept in the state folder. */
  tls?: CertificateFiles | "own" | undefined;
  /** Racks that exist from the start: name and file with the secret in hexadecimal. */
  racks?: { name: string; secretFile: string }[];
  log: Log;
  /** Power commands, where something else than racks shall carry them out. */
  power?: PowerPort;
};

export type Region = {
  port: number;
  adminSocket: string;
  url: string;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint` writes it; null without TLS. */
  fingerprint: string | null;
  /** Takes the certificate from its files anew. */
  reload(): void;
  stop(): Promise<void>;
};

/** Starts everything a region is made of, in order, and returns when it serves. `stop` ends it in the reverse order. */
export async function startRegion(options: RegionOptions): Promise<Region> {
  const { state, log } = options;
  const clock = systemClock;
  const version = programVersion();
  const adminSocket = join(state, "admin.sock");
  const ends: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of ends.splice(0).toReversed())
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => log.warn({ error: String(error) }, "a part did not end well"));
  };
  try {
    await mkdir(state, { recursive: true, mode: 0o755 });
    if (await isAnswered(adminSocket)) throw new Error(`A region already runs on the state folder ${state}.`);
    const server =
      options.database === undefined
        ? await superviseServer({ folder: join(state, "postgres"), binaries: options.postgres, log })
        : null;
    if (server) ends.push(() => server.stop());
    const url = options.database ?? server?.url ?? "";
    const pool = openPool({
      url,
      onError: (error) => log.warn({ error: error.message }, "a database connection broke"),
    });
    ends.push(() => pool.end());
    if (options.database !== undefined) await checkDatabase(pool, url);
    await migrate(pool);
    const { db, secrets } = await sealedDatabase(pool, options.secretsKey ?? join(state, "secrets.key"));
    for (const { name, secretFile } of options.racks ?? [])
      await ensureRack(db, name, Buffer.from((await readFile(secretFile, "utf8")).trim(), "hex"));

    await loadBuiltins(db, { now: clock.now(), log });

    const notifications = openNotifications({ url, log });
    ends.push(() => notifications.close());
    const stopping = new AbortController();
    const tail = await followEvents({ db, notifications, log });
    ends.push(() => tail.close());
    const images = new ImageSync({ db, clock, log, store: options.images });
    await images.start();
    ends.push(() => images.stop());
    const links = new RackLinks({
      db,
      clock,
      log,
      notifications,
      decideBoot: (request, rack) => decideBoot(db, request, { clock, rack }),
    });
    ends.push(() => links.stop());

    const jobs = openJobs(pool, { serve: true });
    jobs.on("error", (error: Error) => log.warn({ error: error.message }, "the job queue has a problem"));
    await jobs.start();
    ends.push(() => jobs.stop({ graceful: false }));
    const locks = openLocks(url);
    ends.push(() => locks.close());
    const power = options.power ?? new RackPower(links);
    const worker = startPowerWorker({ db, jobs, locks, notifications, power, clock, log });
    ends.push(() => worker.stop());
    const self = describeHost(version);
    await registerRegion(db, self, clock.now());
    const heartbeat = repeat("heartbeat", regionHeartbeat * 1000, () => regionSeen(db, self, clock.now()), log);
    ends.push(() => heartbeat.stop());
    const laidOut = ensureAllStorage(db, stopping.signal).catch((error: unknown) =>
      log.warn({ error: String(error) }, "the storage of machines from an earlier version could not be laid out"),
    );
    ends.push(() => laidOut);
    const linked = ensureAllLinks(db, clock, stopping.signal).catch((error: unknown) =>
      log.warn({ error: String(error) }, "the interfaces of machines from an earlier version could not be linked"),
    );
    ends.push(() => linked);
    const sweeper = repeat("deadlines", 5000, () => sweepDeadlines(db, clock.now(), log), log);
    ends.push(() => sweeper.stop());
    const overruns = repeat("script time-outs", 30_000, () => sweepScripts(db, clock.now()), log);
    ends.push(() => overruns.stop());
    const queries = repeat("power queries", 2000, () => refreshPower(db, clock.now()), log);
    ends.push(() => queries.stop());

    const problem = await missingXml(db);
    if (problem !== null)
      log.warn(
        { problem },
        "this PostgreSQL was built without libxml: tags cannot be defined by XPath, only by filters",
      );
    const tagger = startTagger({ db, notifications, log });
    ends.push(() => tagger.stop());

    const webhooks = startWebhooks({ db, jobs, notifications, tail, clock, log, version });
    ends.push(() => webhooks.stop());
    const deliveries = repeat("deliveries of webhooks", 3_600_000, () => sweepDeliveries(db, clock.now()), log);
    ends.push(() => deliveries.stop());
    const keys = repeat("idempotency keys", 3_600_000, () => sweepKeys(db, clock.now()), log);
    ends.push(() => keys.stop());

    const local = new WeakSet<Socket>();
    const app = buildApp({ log });
    const tls = options.tls === undefined ? null : serveTls(app, options.tls, { state, clock, log });
    ends.push(() => tls?.close());
    const isLocalOperator = (socket: Socket) => local.has(socket);
    registerApi(app, {
      db,
      clock,
      tail,
      images,
      racks: links,
      version,
      log,
      signal: stopping.signal,
      isLocalOperator,
      secrets,
    });
    registerRackFetch(app, { db, clock, imageStore: options.images });
    registerMetadataRoutes(app, { db, clock, bundle: options.agent });
    registerAgentRoutes(app, { db, clock, bundle: options.agent });
    if (options.web !== undefined) await registerWeb(app, options.web);
    await app.ready();
    const regionServer = socketServer(app);
    const adminServer = socketServer(app, (socket) => local.add(socket));
    for (const one of [app.server, regionServer, ...(tls === null ? [] : [tls.server])]) registerRackLink(one, links);
    ends.push(() => app.close());
    await app.listen({ port: options.port, host: options.listen });
    for (const [one, path] of [
      [regionServer, join(state, "region.sock")],
      [adminServer, adminSocket],
    ] as const) {
      await listenOnSocket(one, path);
      ends.push(() => closeServer(one));
    }
    // Racks go before the servers, which end only when their last connection has.
    ends.push(() => links.stop());
    ends.push(() => stopping.abort());
    const address = app.server.address();
    const port = typeof address === "object" && address !== null ? address.port : options.port;
    await appendEvent(db, {
      type: "region.started",
      at: clock.now(),
      actor: "region",
      message: `region ${version} serves on port ${port}`,
    });
    const fingerprint = tls?.fingerprint() ?? null;
    log.info({ port, version, state, fingerprint }, "the region serves");
    return { port, adminSocket, url, fingerprint, reload: () => tls?.reload(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { systemId } from "@rackwright/contract";
import { openBundle } from "../agent/bundle.ts";
import { orderOf, taskKind } from "../boot/orders.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../database/pool.ts";
import { Denied, InputError, NotFound } from "../errors.ts";
import { configuredNetworkOf } from "../interfaces/configure.ts";
import { lockMachine } from "../machines/fire.ts";
import { touch } from "../machines/touch.ts";
import { scriptsArchive } from "../scripts/index.ts";
import { configuredNetwork } from "../storage/plan.ts";
import { authenticateMachine, credentialsFor, recordDenied, requireOwnLease } from "./access.ts";
import { clientOf, rackUrl } from "./client.ts";
import { anonymousMetaData, anonymousPreseed, memoryPreseed, taskPreseed, versions } from "./documents.ts";
import { textErrors } from "./errors.ts";
import { metaData, opensLogin, userData } from "./machine-documents.ts";
import { formField, netbootOff, parseForm, parseSignal, takeSignal } from "./signal.ts";
import { parseStatus, recordStatus } from "./status.ts";
import { agentScript, poweroffScript } from "./userdata.ts";

export type MetadataDeps = {
  db: Database;
  clock: Clock;
  /** Path of the agent's bundle. */
  bundle: string;
};

const largestBody = 8 * 1024 * 1024;
const prefix = "/MAAS/metadata";
type Answer = { type?: string; body: string | Buffer } | { status: 204 };
const text = (body: string): Answer => ({ body });

/** Path below `/MAAS/metadata`, in parts: doubled and trailing slashes do not count. */
function partsOf(request: FastifyRequest): string[] {
  const path = (request.raw.url ?? "").split("?")[0] ?? "";
  return path
    .split("/")
    .filter((part) => part !== "")
    .slice(2);
}

function isVersion(part: string | undefined): boolean {
  return versions.some((version) => version === part);
}

function noSuch(request: FastifyRequest): NotFound {
  const path = (request.raw.url ?? "").split("?")[0] ?? "";
  return new NotFound(`The metadata service has no ${request.method} ${path.slice(0, 200)}.`, {
    next: `It has the versions ${versions.join(" and ")} below ${prefix}/.`,
  });
}

/**
 * The metadata service: what cloud-init's MAAS datasource, its webhook reporter and MAAS script runners on machines
 * ask of `/MAAS/metadata/`. Machines reach it through the HTTP port of their rack.
 */
export function registerMetadataRoutes(app: FastifyInstance, deps: MetadataDeps): void {
  const service = metadataService(deps);
  const send = async (reply: FastifyReply, answer: Answer): Promise<FastifyReply> =>
    "status" in answer
      ? reply.code(answer.status).send()
      : reply
          .type(answer.type ?? "text/plain; charset=utf-8")
          .header("Cache-Control", "no-store")
          .send(answer.body);
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: largestBody }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler(textErrors);
    // A HEAD of user-data would count as having read it.
    const options = { exposeHeadRoute: false };
    for (const url of [prefix, `${prefix}/*`]) {
      scope.get(url, options, async (request, reply) => send(reply, await service.get(request)));
      scope.post(url, { bodyLimit: largestBody }, async (request, reply) => send(reply, await service.post(request)));
    }
  });
}

function metadataService({ db, clock, bundle: bundlePath }: MetadataDeps) {
  const bundle = openBundle(bundlePath);
  const rackOf = async (request: FastifyRequest): Promise<string> => rackUrl(await clientOf(db, request, clock));
  const digest = async (): Promise<string | null> => (await bundle.read())?.sha256 ?? null;

  const query = (request: FastifyRequest): string | null =>
    new URLSearchParams((request.raw.url ?? "").split("?")[1] ?? "").get("op");

  const preseed = async (request: FastifyRequest, id: string): Promise<Answer> => {
    const machine = await db
      .selectFrom("machines")
      .select(["status", "netboot", "installed", "ephemeral", "patience", "keep_on", "inventory", "boot_mac"])
      .where("id", "=", id)
      .executeTakeFirst();
    if (machine === undefined) throw new NotFound(`There is no machine ${id}.`);
    const client = await clientOf(db, request, clock);
    const rack = rackUrl(client);
    const [task, order] = [taskKind(machine), orderOf(machine)];
    if (order === "poweroff") return text(anonymousPreseed(rack, "poweroff"));
    if (order !== "local") {
      await requireOwnLease(db, client, id, "the machine's preseed", clock);
      return db.transaction().execute(async (tx) => {
        const waits = task === null ? "the system in memory to ask for its user data" : "the agent to start";
        await touch(tx, id, clock.now(), waits);
        const input = { rack, machineId: id, credentials: await credentialsFor(tx, id, clock.now()) };
        if (task === null) {
          const network = (await configuredNetworkOf(tx, id, clock.now())) ?? configuredNetwork(machine);
          return text(memoryPreseed(input, network));
        }
        return text(taskPreseed(input, { login: opensLogin(machine), stays: task === "rescue" }));
      });
    }
    const who = client.address ?? "an unknown address";
    await recordDenied(
      db,
      id,
      null,
      `the machine's preseed was refused to ${who}: a machine that is ${machine.status} boots from its own disk`,
      clock.now(),
    );
    throw new Denied(`Machine ${id} boots from its own disk: there is no preseed for it.`);
  };

  const anonymous = async (request: FastifyRequest, kind: "enlist" | "poweroff", rest: string[]): Promise<Answer> => {
    const documents = anonymousMetaData(kind);
    const [, what, key, ...more] = rest;
    if (more.length === 0 && isVersion(rest[0])) {
      if (what === "meta-data" && key === undefined) return text(Object.keys(documents).join("\n"));
      const document = what === "meta-data" ? documents[key ?? ""] : undefined;
      if (document !== undefined) return text(document);
      if (what === "user-data" && key === undefined) {
        if (kind === "poweroff") return { type: "application/octet-stream", body: poweroffScript() };
        const start = { rack: await rackOf(request), bundle: await digest() };
        const script = agentScript({ ...start, mode: "enlist", machineId: null, credentials: null });
        return { type: "application/octet-stream", body: script };
      }
    }
    throw noSuch(request);
  };

  const own = async (request: FastifyRequest, rest: string[]): Promise<Answer> => {
    const machine = await authenticateMachine(db, request.headers.authorization);
    const [what, key, ...more] = rest;
    if (more.length === 0) {
      if (what === undefined) return text(["maas-scripts", "meta-data", "user-data"].join("\n"));
      if (what === "maas-scripts" && key === undefined) {
        const now = clock.now();
        const archive = await db
          .transaction()
          .execute(async (tx) => scriptsArchive(tx, await lockMachine(tx, machine.id), now));
        return archive === null ? { status: 204 } : { type: "application/x-tar", body: archive };
      }
      if (what === "user-data" && key === undefined) {
        const start = { rack: await rackOf(request), bundle: await digest() };
        const body = await db.transaction().execute((tx) => userData(tx, machine.id, start, clock.now()));
        return { type: "application/octet-stream", body };
      }
      if (what === "meta-data") {
        const documents = await metaData(db, machine);
        const names = Object.keys(documents).filter((name) => documents[name] !== "");
        if (key === undefined) return text(names.join("\n"));
        const document = Object.hasOwn(documents, key) ? documents[key] : undefined;
        if (document !== undefined)
          return { ...text(document), ...(key === "vendor-data" && { type: "application/x-yaml" }) };
      }
    }
    throw noSuch(request);
  };

  return {
    async get(request: FastifyRequest): Promise<Answer> {
      const parts = partsOf(request);
      const [first, second, third, ...rest] = parts;
      if (first === undefined) return text(versions.join("\n"));
      if (first === "enlist" || first === "poweroff") return anonymous(request, first, parts.slice(1));
      if (!isVersion(first)) throw noSuch(request);
      if (second === "by-id") {
        if (!systemId.safeParse(third).success || rest.length > 0) throw noSuch(request);
        if (query(request) === "get_preseed") return preseed(request, third ?? "");
        throw InputError.field("op", query(request), "must be get_preseed");
      }
      if (second === "enlist-preseed" && third === undefined) {
        if (query(request) === "get_enlist_preseed") return text(anonymousPreseed(await rackOf(request), "enlist"));
        throw InputError.field("op", query(request), "must be get_enlist_preseed");
      }
      return own(request, parts.slice(1));
    },

    async post(request: FastifyRequest): Promise<Answer> {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const [first, second, third, ...rest] = partsOf(request);
      if (first === "status" && second !== undefined && third === undefined) {
        const machine = await authenticateMachine(db, request.headers.authorization);
        if (machine.id !== second) {
          const message = `status of ${second.slice(0, 20)} was refused to machine ${machine.id}`;
          await recordDenied(db, machine.id, null, message, clock.now());
          throw new Denied("A machine can only report its own status.");
        }
        const report = parseStatus(body);
        await db.transaction().execute((tx) => recordStatus(tx, machine.id, report, clock.now()));
        return { status: 204 };
      }
      if (!isVersion(first)) throw noSuch(request);
      const byId = second === "by-id" && systemId.safeParse(third).success && rest.length === 0 ? third : undefined;
      if (second !== undefined && byId === undefined) throw noSuch(request);
      if (byId !== undefined) {
        await requireOwnLease(db, await clientOf(db, request, clock), byId, "op=netboot_off", clock);
      }
      const id = byId ?? (await authenticateMachine(db, request.headers.authorization)).id;
      const form = parseForm(request.headers["content-type"], body);
      const operation = formField(form, "op");
      if (operation === "netboot_off") {
        await db.transaction().execute((tx) => netbootOff(tx, id, clock.now()));
      } else if (operation === "signal" && byId === undefined) {
        const signal = parseSignal(form);
        await db.transaction().execute((tx) => takeSignal(tx, id, signal, clock.now()));
      } else {
        const allowed = byId === undefined ? "must be signal or netboot_off" : "must be netboot_off";
        throw InputError.field("op", operation?.slice(0, 100), allowed);
      }
      return text("OK");
    },
  };
}

import {
  type AgentReport,
  type Credentials,
  enlistAnswer,
  type Failure,
  type InstallPlan,
  installPlan,
} from "@rackwright/contract";
import { z } from "zod";
import type { HttpClient } from "./http-client.ts";
import { bmcOf, enlistmentOf, inventoryOf } from "./inventory.ts";
import type { CloudInit } from "./metadata.ts";
import { oauthHeader } from "./oauth.ts";
import type { Ending, Session } from "./session.ts";
import { patiently, standStill } from "./world.ts";

/** How the agent leaves the machine: what comes next, and the system it put on the disk. */
export interface AgentOutcome {
  readonly next: Ending;
  readonly installed?: InstallPlan;
}

/** What every kind of task has as far as this agent looks at it. */
const task = z.looseObject({
  kind: z.string(),
  plan: installPlan.optional(),
  scripts: z.array(z.looseObject({ result_id: z.int(), name: z.string() })).default([]),
  configure_bmc: z.boolean().default(false),
  afterwards: z.enum(["poweroff", "reboot", "stay"]).default("poweroff"),
});
type Task = z.infer<typeof task>;

const reportsAnswer = z.looseObject({ stop: z.boolean(), again: z.boolean().default(false) });
type Sendable = AgentReport extends infer R ? (R extends AgentReport ? Omit<R, "sequence" | "at"> : never) : never;

/** The agent's side of `/agent/v1`, with the work itself left out. */
export async function runAgent(
  session: Session,
  http: HttpClient,
  settings: { rack: string; credentials: Credentials | null },
  cloud: CloudInit,
): Promise<AgentOutcome> {
  const keys = settings.credentials ?? (await enlist(session, http, settings.rack));
  if (keys === null) return { next: "poweroff" };
  const { world, signal } = session;
  const authorization = (): Record<string, string> =>
    oauthHeader(keys, Buffer.from(world.random(8)).toString("hex"), world.now());
  for (;;) {
    const asked = await patiently(session, () => http.get(`${settings.rack}/agent/v1/task`, authorization()));
    if (asked.status !== 200) return { next: "poweroff" };
    const given = task.parse(JSON.parse(asked.body));
    if (given.kind === "poweroff") return { next: "poweroff" };
    if (session.strikes("agent-crashes")) {
      await cloud.signal("FAILED", "The agent ended with status 1.");
      return { next: "poweroff" };
    }
    const run = Buffer.from(world.random(8)).toString("hex");
    const state = { sequence: 0 };
    const send = async (...reports: Sendable[]): Promise<z.infer<typeof reportsAnswer>> => {
      const at = new Date(world.now()).toISOString();
      const numbered = reports.map((report) => ({ ...report, sequence: state.sequence++, at }));
      const body = JSON.stringify({ run, reports: numbered });
      const path = `${settings.rack}/agent/v1/reports`;
      const answer = await patiently(session, () => http.post(path, "application/json", body, authorization()));
      // Its credentials are gone with the life in which it was started, as after the end of a release.
      if (answer.status === 401) return { stop: true, again: false };
      if (answer.status !== 200) throw new Error(`reports: ${answer.status} ${answer.body.slice(0, 300)}`);
      return reportsAnswer.parse(JSON.parse(answer.body));
    };
    await send({ kind: "started", task: given.kind, agent: "fleet", uptime: 20 });
    const failed = await carryOut(session, given, send);
    const end = await send({ kind: "finished", outcome: failed ? "failed" : "ok", ...(failed && { failure: failed }) });
    if (end.again && !failed) continue;
    if (failed || end.stop) return { next: "poweroff" };
    if (given.plan !== undefined) session.writeDisk(given.plan);
    if (given.afterwards === "stay") return standStill(signal);
    return given.plan === undefined ? { next: given.afterwards } : { next: given.afterwards, installed: given.plan };
  }
}

async function enlist(session: Session, http: HttpClient, rack: string): Promise<Credentials | null> {
  const body = JSON.stringify(enlistmentOf(session.plan));
  const answer = await patiently(session, () => http.post(`${rack}/agent/v1/enlist`, "application/json", body));
  if (answer.status !== 200) return null;
  return enlistAnswer.parse(JSON.parse(answer.body)).credentials;
}

type Send = (...reports: Sendable[]) => Promise<unknown>;

/** Reports what this kind of task reports, step by step. Answers why it failed, where it did. */
async function carryOut(session: Session, given: Task, send: Send): Promise<Failure | undefined> {
  const { plan, signal } = session;
  const step = async (name: string, title: string, ...inside: Sendable[]): Promise<void> => {
    await send({ kind: "step", step: name, title, state: "started" });
    await send(...inside, { kind: "step", step: name, title, state: "done", seconds: 1 });
  };
  if (given.kind === "install") return install(session, step, send);
  if (given.kind === "commission") {
    await send({ kind: "step", step: "inventory", title: "Taking inventory", state: "started" });
    if (session.strikes("agent-silent")) return standStill(signal);
    const known: Sendable[] = session.strikes("no-inventory")
      ? []
      : [{ kind: "inventory", inventory: inventoryOf(plan) }];
    await send(...known, { kind: "step", step: "inventory", title: "Taking inventory", state: "done", seconds: 1 });
    if (given.configure_bmc) await step("bmc", "Setting up the BMC account", { kind: "bmc", bmc: bmcOf(plan) });
  }
  return runScripts(session, given, send);
}

async function runScripts(session: Session, given: Task, send: Send): Promise<Failure | undefined> {
  for (const [at, { result_id, name }] of given.scripts.entries()) {
    const fails = at === 0 && session.strikes("script-fails");
    if (name === "wipe-disks") session.writeDisk(undefined);
    const output = Buffer.from(fails ? "no such device\n" : `${name} looked at everything\n`).toString("base64");
    await send(
      { kind: "script", result_id, status: "running" },
      { kind: "output", result_id, stream: fails ? "err" : "out", offset: 0, data: output },
      { kind: "script", result_id, status: fails ? "failed" : "passed", exit_status: fails ? 1 : 0, runtime: 0.5 },
    );
  }
  return undefined;
}

async function install(
  session: Session,
  step: (name: string, title: string, ...inside: Sendable[]) => Promise<void>,
  send: Send,
): Promise<Failure | undefined> {
  session.writeDisk(undefined);
  await step("storage", "Preparing storage");
  await send({ kind: "step", step: "download", title: "Downloading the image", state: "started" });
  if (session.strikes("install-silent")) return standStill(session.signal);
  if (session.strikes("image-damaged")) {
    const failure: Failure = {
      code: "image-hash-mismatch",
      message: "The image arrived damaged: its contents are not what its name promises.",
      evidence: ["sha256 of what came: 0000"],
      next: "Verify the image on the region, then deploy again.",
    };
    await send({ kind: "step", step: "download", title: "Downloading the image", state: "failed", failure });
    return failure;
  }
  await send({ kind: "step", step: "download", title: "Downloading the image", state: "done", seconds: 1 });
  for (const [name, title] of [
    ["unpack", "Copying the system to disk"],
    ["configure", "Configuring the system"],
    ["boot-loader", "Installing the boot loader"],
  ] as const)
    await step(name, title);
  return undefined;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { machineStatuses } from "@rackwright/contract";
import { everywhere } from "../users/access.ts";
import { mayApply, unmetNeed } from "./hints.ts";
import { type Trigger, isTimed, lifecycle } from "./lifecycle.ts";
import { type Standing, transition } from "./transition.ts";

// Walks every state a machine can ever be in: all columns that rules look at, from every beginning, over every
// trigger, each with and without what comes with it. The clock stands still: deadlines are the trigger `timed-out`.

const now = new Date("2026-01-01T12:00:00Z");
const owner = { id: 7, username: "owner", administrator: false, grants: everywhere("user") };
const root = { id: 1, username: "root", administrator: true };

type State = Standing & { credentials: boolean; waits: boolean; deciding: boolean };
type Step = { trigger: Trigger; operator: boolean; to: State };

const keyOf = (state: State): string =>
  JSON.stringify([
    state.status,
    state.previous_status,
    state.failure?.code ?? null,
    state.previous_failure?.code ?? null,
    state.owner_id,
    state.image,
    state.ephemeral,
    state.installed,
    state.unerased,
    state.netboot,
    state.credentials,
    state.waits,
    state.deciding,
  ]);

function start(status: State["status"]): State {
  const installed = false;
  return {
    status,
    previous_status: null,
    failure: null,
    previous_failure: null,
    owner_id: status === "reserved" ? owner.id : null,
    image: null,
    user_data: null,
    ephemeral: false,
    installed,
    unerased: false,
    netboot: true,
    power_driver: "ipmi",
    credentials: false,
    waits: false,
    deciding: false,
  };
}

/** Whether the world can report this now: a BMC reports the end only of what it was asked for. */
function plausible(state: State, trigger: Trigger): boolean {
  return !["powered-off", "powered-on", "power-failed"].includes(trigger) || state.deciding;
}

function follow(state: State, trigger: Trigger, ephemeral: boolean): Step | null {
  const rule = lifecycle[state.status][trigger];
  if (rule === undefined || rule.locks !== undefined || !plausible(state, trigger)) return null;
  if (unmetNeed({ ...state, inventoried: true }, rule.needs) !== null) return null;
  const operator = rule.by !== "world";
  const caller =
    rule.by === "administrator" || !mayApply(rule.by, { owner_id: state.owner_id, pool_id: 1 }, owner) ? root : owner;
  const told = {
    trigger,
    now,
    ...(operator && { caller }),
    deployment: { image: "debian-12", user_data: null, ephemeral },
  };
  const { changes, power } = transition(state, rule, told);
  const { status, previous_status, failure, previous_failure, owner_id, image, installed, netboot, waits_for } =
    changes as Partial<Standing> & typeof changes;
  const kept = rule.credentials === undefined || (rule.credentials === "settle" && state.installed);
  const next: State = {
    ...state,
    status,
    failure,
    previous_status: previous_status === undefined ? state.previous_status : previous_status,
    previous_failure: previous_failure === undefined ? state.previous_failure : previous_failure,
    owner_id: owner_id === undefined ? state.owner_id : owner_id,
    image: image === undefined ? state.image : image,
    ephemeral: changes.ephemeral ?? state.ephemeral,
    installed: installed ?? state.installed,
    unerased: changes.unerased ?? state.unerased,
    netboot: netboot ?? state.netboot,
    credentials: kept ? state.credentials : rule.credentials === "new" || rule.credentials === "ensure",
    waits: waits_for !== null,
    deciding: power?.decides ?? false,
  };
  return { trigger, operator, to: next };
}

const triggers = [...new Set(machineStatuses.flatMap((status) => Object.keys(lifecycle[status]) as Trigger[]))];
const states = new Map<string, State>();
const steps = new Map<string, Step[]>();
const queue = (["new", "missing", "reserved", "retired"] as const).map(start);
for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
  const key = keyOf(state);
  if (states.has(key)) continue;
  states.set(key, state);
  const found = triggers.flatMap((trigger) =>
    [false, true].flatMap((ephemeral) => follow(state, trigger, ephemeral) ?? []),
  );
  steps.set(key, found);
  queue.push(...found.map(({ to }) => to));
}
const all = [...states];
const say = (key: string) => `in ${key}`;

/** All states from which `wanted` can be reached over steps that are allowed. */
function reaching(wanted: (state: State) => boolean, allowed: (step: Step) => boolean): Set<string> {
  const into = new Map<string, string[]>();
  for (const [from, outgoing] of steps)
    for (const step of outgoing)
      if (allowed(step)) into.set(keyOf(step.to), [...(into.get(keyOf(step.to)) ?? []), from]);
  const reached = new Set(all.filter(([, state]) => wanted(state)).map(([key]) => key));
  const waiting = [...reached];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop())
    for (const from of into.get(key) ?? []) {
      if (reached.has(from)) continue;
      reached.add(from);
      waiting.push(from);
    }
  return reached;
}

test("the walk saw every status, and is not small", () => {
  const seen = new Set(all.map(([, { status }]) => status));
  assert.deepEqual(
    machineStatuses.filter((status) => !seen.has(status)),
    [],
  );
  assert.ok(all.length > 300, `${all.length} states`);
});

test("no dead end: from every state an operator and a world that works lead to ready", () => {
  const reached = reaching(
    ({ status }) => status === "ready",
    () => true,
  );
  for (const [key] of all) assert.ok(reached.has(key), say(key));
});

test("with a world that never answers every wait ends by its deadline, and never in another wait", () => {
  for (const [key, state] of all) {
    const ends = (steps.get(key) ?? []).filter(({ trigger }) => trigger === "timed-out");
    assert.equal(ends.length > 0, isTimed(state.status), say(key));
    assert.equal(state.waits, isTimed(state.status), say(key));
    for (const { to } of ends) assert.ok(!isTimed(to.status) && to.failure !== null, say(key));
  }
});

test("with a world that never answers an operator can still do something everywhere", () => {
  for (const [key] of all) {
    const wait = (steps.get(key) ?? []).find(({ trigger }) => trigger === "timed-out");
    const settled = wait === undefined ? key : keyOf(wait.to);
    assert.ok(
      (steps.get(settled) ?? []).some(({ operator }) => operator),
      say(key),
    );
  }
});

test("an owner is kept exactly as long as the machine is somebody's", () => {
  const nobodys = ["new", "commissioning", "failed commissioning", "ready"];
  const somebodys = ["allocated", "deploying", "deployed", "failed deployment", "reserved"];
  for (const [key, { status, owner_id }] of all) {
    if (nobodys.includes(status)) assert.equal(owner_id, null, say(key));
    if (somebodys.includes(status)) assert.notEqual(owner_id, null, say(key));
  }
});

test("an installed system is where it should be, and with it its credentials, image and way to boot", () => {
  const without = ["new", "commissioning", "failed commissioning", "ready", "allocated", "deploying", "releasing"];
  for (const [key, state] of all) {
    if (state.status === "deployed") assert.ok(state.installed, say(key));
    if (without.includes(state.status)) assert.ok(!state.installed, say(key));
    if (!state.installed) continue;
    assert.ok(state.image !== null && state.owner_id !== null, say(key));
    assert.ok(state.ephemeral || !state.netboot, say(key));
    assert.ok(state.credentials, say(key));
  }
});

test("a failed or broken machine says why, another one does not", () => {
  const badly = /^failed|^broken$/;
  for (const [key, { status, failure }] of all) assert.equal(failure !== null, badly.test(status), say(key));
});

test("a status that waits for the BMC knows what to do with each of its answers", () => {
  for (const [key, state] of all) {
    if (!state.deciding) continue;
    assert.ok(
      (steps.get(key) ?? []).some(({ trigger }) => trigger === "power-failed"),
      say(key),
    );
  }
});

test("a machine whose disks were to be erased is ready only once they are, or an operator released it without", () => {
  for (const [key, { status, unerased }] of all) {
    if (/^(failed )?disk erasing$/.test(status)) assert.ok(unerased, say(key));
    if (status === "ready") assert.ok(!unerased, say(key));
    for (const { trigger, to } of steps.get(key) ?? [])
      if (unerased && !to.unerased)
        assert.ok(["release", "release-with-scripts", "scripts-passed"].includes(trigger), `${say(key)} by ${trigger}`);
  }
});

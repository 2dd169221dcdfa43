import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import type { BmcParts } from "@rackwright/ipmi";
import { failure } from "@rackwright/contract";
import { PowerError, powerFailure } from "./errors.ts";
import type { PowerErrorCode } from "./errors.ts";
import { createMachine, listen, serveMachine, serveQuickly } from "./fixture.ts";
import type { PowerServiceRequest } from "./service.ts";

type Machine = BmcParts["chassis"];

async function scene(t: TestContext, machine: Machine, more: Partial<BmcParts> = {}, drop?: (nth: number) => boolean) {
  const served = await serveMachine(machine, more, drop);
  const { service, ports, stop } = await serveQuickly();
  t.after(() => {
    served.stop();
    stop();
  });
  const perform = (
    action: PowerServiceRequest["action"],
    extra: Partial<PowerServiceRequest> = {},
    changes: Record<string, string> = {},
  ) => service.perform({ driver: "ipmi", parameters: { ...served.parameters, ...changes }, action, ...extra });
  return { ...served, perform, ports };
}

async function fails(promise: Promise<unknown>, code: PowerErrorCode): Promise<PowerError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PowerError, String(error));
  assert.equal(error.code, code, error.message);
  const told = failure.parse(powerFailure(error));
  assert.ok(told.next.length > 10 && told.message.length > 10);
  assert.ok(!JSON.stringify(told).includes("a secret password"));
  assert.ok(!(error.stack ?? "").includes("a secret password"));
  return error;
}

test("on: boot device chosen once, power on, seen on", async (t) => {
  const machine = createMachine();
  const { perform, bmc } = await scene(t, machine);
  assert.deepEqual(await perform("on", { bootDevice: "pxe" }), { state: "on", warnings: [] });
  assert.deepEqual(machine.done, ["on"]);
  assert.deepEqual(bmc.consumeBootDevice(), { device: "pxe", efi: false, persistent: false, valid: true });
});

test("on of a running machine cycles it, so that it boots what was asked", async (t) => {
  const machine = createMachine({ powered: true });
  const { perform } = await scene(t, machine);
  assert.equal((await perform("on", { bootDevice: "pxe" })).state, "on");
  assert.deepEqual(machine.done, ["cycle"]);
});

test("off: hard by default, soft when asked or set, nothing to ask of a machine that is off", async (t) => {
  const machine = createMachine({ powered: true });
  const { perform } = await scene(t, machine);
  assert.equal((await perform("off")).state, "off");
  await machine.control("on");
  assert.equal((await perform("off", { stopMode: "soft" })).state, "off");
  assert.equal((await perform("off", { stopMode: "soft" })).state, "off");
  await machine.control("on");
  assert.equal((await perform("off", {}, { power_off_mode: "soft" })).state, "off");
  assert.deepEqual(machine.done, ["off", "on", "soft", "on", "soft"]);
});

test("cycle is off, seen off, on, seen on; of a machine that is off it is on; reset resets", async (t) => {
  const machine = createMachine({ powered: true });
  const { perform } = await scene(t, machine);
  assert.equal((await perform("cycle", { bootDevice: "disk" })).state, "on");
  assert.deepEqual(machine.done, ["off", "on"]);
  assert.equal((await perform("reset")).state, "on");
  await perform("off");
  assert.match((await fails(perform("reset"), "bmc-refused")).message, /is off/);
  await perform("cycle");
  assert.deepEqual(machine.done, ["off", "on", "reset", "off", "on"]);
});

test("query tells the state, suite 3 and 17", async (t) => {
  const { perform } = await scene(t, createMachine({ powered: true }));
  assert.equal((await perform("query", {}, { cipher_suite_id: "3" })).state, "on");
  assert.equal((await perform("query", {}, { cipher_suite_id: "17" })).state, "on");
});

test("boot type: efi and legacy as set, auto keeps what the BMC has", async (t) => {
  const { perform, bmc } = await scene(t, createMachine());
  for (const [type, efi] of [
    ["efi", true],
    ["auto", true],
    ["legacy", false],
    ["auto", false],
  ] as const) {
    await perform("on", { bootDevice: "pxe" }, { power_boot_type: type });
    assert.equal(bmc.bootDevice().efi, efi, type);
  }
});

test("a third of the datagrams lost is not noticed", async (t) => {
  const { perform } = await scene(t, createMachine(), {}, (nth) => nth % 3 === 0);
  assert.equal((await perform("on")).state, "on");
});

test("wrong password: bmc-auth, told at once, tried once", async (t) => {
  const { perform, sessions } = await scene(t, createMachine());
  const error = await fails(perform("on", {}, { power_pass: "wrong" }), "bmc-auth");
  assert.equal(sessions.opened, 1);
  assert.ok(error.evidence.some((line) => line.includes("RAKP 2")));
});

test("unknown user and too high a privilege: bmc-auth", async (t) => {
  const { perform } = await scene(t, createMachine());
  assert.match((await fails(perform("query", {}, { power_user: "nobody" }), "bmc-auth")).message, /unknown user name/);
  assert.match((await fails(perform("query", {}, { privilege_level: "ADMIN" }), "bmc-auth")).next, /administrator/);
});

test("K_g: needed and right, needed and missing, needed and wrong, set but not needed", async (t) => {
  const kg = new TextEncoder().encode("twenty bytes of K_g.");
  const locked = await scene(t, createMachine(), { kg });
  assert.equal((await locked.perform("query", {}, { k_g: "twenty bytes of K_g." })).state, "off");
  assert.match((await fails(locked.perform("query"), "bmc-auth")).next, /K_g/);
  assert.match((await fails(locked.perform("query", {}, { k_g: "0x00ff" }), "bmc-auth")).message, /K_g/);
  const open = await scene(t, createMachine());
  const { state, warnings } = await open.perform("query", {}, { k_g: "0x00ff" });
  assert.equal(state, "off");
  assert.match(warnings.join(), /without one/);
});

test("a suite the BMC refuses: bmc-settings that names the other", async (t) => {
  const { perform } = await scene(t, createMachine(), { cipherSuites: [17] });
  assert.match((await fails(perform("query"), "bmc-settings")).next, /suite 17/);
});

test("nobody there: bmc-unreachable after every attempt", async (t) => {
  let heard = 0;
  const nobody = await listen(() => (heard += 1));
  const { service, stop } = await serveQuickly(300);
  t.after(() => {
    nobody.stop();
    stop();
  });
  const parameters = { power_address: "127.0.0.1", power_port: nobody.port };
  const error = await fails(service.perform({ driver: "ipmi", parameters, action: "query" }), "bmc-unreachable");
  // One call an attempt; on a busy host an attempt may have time for a repeated packet.
  assert.ok(heard >= 4, `${heard} packets`);
  assert.match(error.next, /UDP 623/);
  assert.match(error.evidence.join(), /no answer/);
});

test("a name without an address: bmc-unreachable", async (t) => {
  const { perform } = await scene(t, createMachine());
  await fails(perform("query", {}, { power_address: "bmc.invalid" }), "bmc-unreachable");
});

test("something that is no BMC: bmc-malformed", async (t) => {
  const echo = await listen((datagram, reply) => reply(datagram.slice(0, 9)));
  const { service, stop } = await serveQuickly(300);
  t.after(() => {
    echo.stop();
    stop();
  });
  const parameters = { power_address: "127.0.0.1", power_port: echo.port };
  await fails(service.perform({ driver: "ipmi", parameters, action: "query" }), "bmc-malformed");
});

test("all sessions taken: bmc-busy, tried as often as there are waits", async (t) => {
  const { perform, sessions } = await scene(t, createMachine(), { mostSessions: 0 });
  await fails(perform("on"), "bmc-busy");
  assert.equal(sessions.opened, 4);
});

test("a BMC that says off for ever after on: bmc-lies, with what was seen", async (t) => {
  const machine = createMachine({ obeys: () => false });
  const { perform } = await scene(t, machine);
  const error = await fails(perform("on", { bootDevice: "pxe" }), "bmc-lies");
  assert.deepEqual(machine.done, ["on", "on", "on", "on"]);
  assert.equal(error.evidence.length, 4);
  assert.match(error.message, /never went from off to on/);
});

test("an operating system that ignores the power button: bmc-lies, with the way out", async (t) => {
  const { perform } = await scene(t, createMachine({ powered: true, obeys: (action) => action !== "soft" }));
  assert.match((await fails(perform("off", { stopMode: "soft" }), "bmc-lies")).next, /hard/);
});

test("a machine that comes on only at the third try is on", async (t) => {
  let tries = 0;
  const machine = createMachine({ obeys: (action) => action !== "on" || (tries += 1) === 3 });
  const { perform } = await scene(t, machine);
  assert.equal((await perform("on")).state, "on");
  assert.deepEqual(machine.done, ["on", "on", "on"]);
});

test("a command the BMC fails: bmc-refused with the completion code", async (t) => {
  const control = async (): Promise<void> => {
    throw new Error("broken");
  };
  const { perform } = await scene(t, { powered: () => false, control });
  assert.match((await fails(perform("on"), "bmc-refused")).message, /completion code FF/);
});

test("two actions on one BMC: the second is told that the first is under way; a query is not disturbed", async (t) => {
  const { perform } = await scene(t, createMachine());
  const first = perform("on");
  // Both begin with a name look-up; the first to finish it is the first to act.
  const [second, query] = await Promise.allSettled([perform("off"), perform("query")]);
  assert.equal((await first).state, "on");
  assert.ok(second.status === "rejected" && second.reason instanceof PowerError && second.reason.code === "bmc-busy");
  assert.equal(query.status, "fulfilled");
  assert.equal((await perform("off")).state, "off");
});

test("settings: each bad field is named with what is allowed, secrets are not repeated", async (t) => {
  const { perform } = await scene(t, createMachine());
  const bad = {
    power_address: "",
    power_port: "0",
    cipher_suite_id: "8",
    privilege_level: "GOD",
    power_boot_type: "tape",
    k_g: "0xnot-hex",
  };
  const error = await fails(perform("on", {}, bad), "bmc-settings");
  assert.equal(error.evidence.length, Object.keys(bad).length, error.evidence.join("\n"));
  for (const field of Object.keys(bad))
    assert.ok(
      error.evidence.some((line) => line.startsWith(`${field}:`)),
      field,
    );
  assert.ok(!error.message.includes("not-hex"));
  await fails(perform("on", {}, { power_pass: "x".repeat(21) }), "bmc-settings");
  await fails(perform("on", {}, { power_user: "x".repeat(17) }), "bmc-settings");
});

test("empty optional settings mean their defaults; brackets and names are addresses", async (t) => {
  const { perform } = await scene(t, createMachine());
  const empty = { cipher_suite_id: "", privilege_level: "", power_boot_type: "", k_g: "", power_driver: "" };
  assert.equal((await perform("query", {}, empty)).state, "off");
  assert.equal((await perform("query", {}, { power_address: "localhost" })).state, "off");
});

test("manual: nothing is done, nothing is known", async (t) => {
  const { perform } = await scene(t, createMachine());
  for (const action of ["on", "off", "cycle", "query", "reset"] as const) {
    assert.deepEqual(await perform(action, { driver: "manual", parameters: {} }), { state: "unknown", warnings: [] });
  }
});

test("a driver that does not exist is named, with those that do", async (t) => {
  const { perform } = await scene(t, createMachine());
  for (const driver of ["amt", "toString", "__proto__"]) {
    assert.match((await fails(perform("on", { driver }), "bmc-settings")).next, /ipmi, manual/);
  }
});

test("many BMCs share a handful of sockets", async (t) => {
  const { service, ports, stop } = await serveQuickly();
  const machines = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => serveMachine(createMachine({ powered: at % 2 === 0 }))),
  );
  t.after(() => {
    stop();
    for (const machine of machines) machine.stop();
  });
  const states = await Promise.all(
    machines.map(
      async ({ parameters }) => (await service.perform({ driver: "ipmi", parameters, action: "query" })).state,
    ),
  );
  assert.deepEqual(
    states,
    machines.map((_, at) => (at % 2 === 0 ? "on" : "off")),
  );
  assert.ok(ports.length <= 4);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { machineDetail } from "@rackwright/contract";
import type { Machine } from "@rackwright/contract";
import { z } from "zod";
import { openIncident } from "./incident.ts";

const patience = 85;
const newPassword = "Changed-by-hand7";
const silence = /10\.77\.1\.10 port 623 did not answer Get Channel Authentication Capabilities\b/;
const lie = /the BMC at 10\.77\.1\.11 port 623 accepted the action but never went from off to on\b/;
const stranger = /^10\.77\.1\.12 knows the user but has another password for it/;
const noise = /10\.77\.0\.30 port 623 answered .* only with something that is not a valid reply: /;

await test("BMCs that are silent, lie, changed their password or answer noise", { timeout: 180_000 }, async (t) => {
  await using incident = await openIncident({ name: "power", port: 15269, machines: 3 });
  const { site } = incident;
  const { client } = site.controllers;
  const deadlines = { commissioning: { silence: patience, total: patience } };
  await client.send("PATCH", "/api/v1/settings", { deadlines }, z.unknown());
  const [mute, liar, changed] = site.lab.machines;
  assert.ok(mute && liar && changed);
  await mute.setFaults({ silent: true });
  await liar.setFaults({ claimsPower: "off", ignoresControl: true });
  await changed.setFaults({ password: newPassword });
  const noisy = await incident.plug("noisy", "02:00:5e:00:09:00", "10.77.0.30");
  const program = noisy.start(process.execPath, join(import.meta.dirname, "garbage-bmc-main.ts"));
  assert.ok(program.stdout);
  await once(program.stdout, "data");

  const commission = async (index: number, address: string, password: string): Promise<string> => {
    const power_parameters = { power_address: address, power_user: "admin", power_pass: password };
    const body = { macs: [`02:00:5e:00:09:0${index}`], power_driver: "ipmi", power_parameters };
    const { id } = await client.send("POST", "/api/v1/machines", body, machineDetail);
    await client.send("POST", `/api/v1/machines/${id}/commission`, {}, machineDetail);
    return id;
  };
  const began = Date.now();
  const ids = {
    mute: await commission(1, mute.bmc.address, mute.bmc.password),
    liar: await commission(2, liar.bmc.address, liar.bmc.password),
    changed: await commission(3, changed.bmc.address, changed.bmc.password),
    noisy: await commission(4, "10.77.0.30", "Never-to-be-seen"),
  };
  const read = (id: string): Promise<Machine> => client.get(`/api/v1/machines/${id}`, machineDetail);
  const failed = (id: string, seconds: number): Promise<Machine> =>
    site.until("the commissioning has failed", seconds, async () => {
      const machine = await read(id);
      return machine.status === "failed commissioning" ? machine : undefined;
    });

  await t.test("while it is tried, the machine says what it waits for and until when", async () => {
    const machine = await read(ids.mute);
    assert.equal(machine.waits_for, "the BMC to switch the machine on");
    const counted = Date.parse(machine.deadline ?? "") - patience * 1000;
    assert.ok(counted >= began && counted <= Date.now(), `${machine.deadline} is ${patience} s after the order`);
  });

  await t.test(
    "a changed password fails the machine in seconds, with the exchange and without the password",
    async () => {
      const machine = await failed(ids.changed, 30);
      assert.equal(machine.failure?.code, "bmc-auth");
      assert.match(machine.failure?.message ?? "", stranger);
      assert.match(
        machine.failure?.evidence.at(-1) ?? "",
        /^RAKP 2: the key exchange code does not match our password$/,
      );
      assert.match(machine.failure?.next ?? "", /^Check the password/);
      assert.equal(machine.power_state, "error");
    },
  );

  const slow = [
    {
      id: ids.liar,
      name: "claims to be off for ever",
      code: "bmc-lies",
      says: lie,
      shows: /^attempt \d: off, [\d.]+ s after the action$/,
    },
    {
      id: ids.mute,
      name: "is silent",
      code: "bmc-unreachable",
      says: silence,
      shows: /sent \d+ times to 10\.77\.1\.10 port 623, no answer$/,
    },
    {
      id: ids.noisy,
      name: "answers noise",
      code: "bmc-malformed",
      says: noise,
      shows: /sent \d+ times to 10\.77\.0\.30 port 623, (?!no answer)/,
    },
  ];
  for (const { id, name, code, says, shows } of slow) {
    await t.test(`a BMC that ${name} is named with the evidence, and the machine fails by its deadline`, async () => {
      const fits = (event: { machine_id: string | null; failure: object | null }): boolean => event.machine_id === id;
      const told = await incident.event("power.failed", "the failure is told", fits, patience + 10);
      assert.equal(told.failure?.code, code);
      assert.match(told.failure?.message ?? "", says);
      assert.ok(
        told.failure?.evidence.some((line) => shows.test(line)),
        told.failure?.evidence.join("\n"),
      );
      const machine = await failed(id, patience + 10);
      assert.equal(machine.failure?.code, code);
      assert.match(machine.failure.message, says);
      assert.ok(
        machine.failure.evidence.some((line) => shows.test(line)),
        machine.failure.evidence.join("\n"),
      );
      assert.equal(machine.failure.next, told.failure?.next);
      assert.equal(machine.waits_for, null);
    });
  }

  await t.test("once healed, and told the new password, they answer again", async () => {
    await mute.setFaults();
    const power_parameters = { power_address: changed.bmc.address, power_user: "admin", power_pass: newPassword };
    await client.send("PATCH", `/api/v1/machines/${ids.changed}`, { power_parameters }, z.unknown());
    for (const id of [ids.mute, ids.changed]) {
      await client.send("POST", `/api/v1/machines/${id}/power/query`, {}, z.unknown());
      await site.until("the BMC says off", 30, async () => ((await read(id)).power_state === "off" ? true : undefined));
    }
    await incident.sameProcesses();
  });

  await t.test("no password is in an event, an answer of the API or a log", async () => {
    const details = await Promise.all(Object.values(ids).map((id) => read(id)));
    const told = JSON.stringify([await incident.allEvents(), details]) + (await incident.logs());
    for (const secret of [mute.bmc.password, newPassword, "Never-to-be-seen"]) assert.ok(!told.includes(secret));
  });
});

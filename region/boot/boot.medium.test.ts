import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BootRequest } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { addMachine } from "../metadata/testing.ts";
import { decideBoot, foreseeBoot } from "./decide.ts";
import { loadBootFacts } from "./facts.ts";
import { recordBoot } from "./record.ts";
import { decide } from "./judge.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);

const file = (role: string, digit: string) => ({ role, name: role, sha256: digit.repeat(64), size: 100 });

describe("boot decisions from the database", () => {
  let db: Database;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  before(async () => {
    database = await testDatabase();
    ({ db } = database);
    const image = { architecture: "amd64", title: "", os: "debian", release: "12", recipe: "0".repeat(64) } as const;
    const ephemeral = { ...image, name: "ephemeral-debian-12", kind: "ephemeral", built_at: start } as const;
    const parts = (digit: string) =>
      json([file("boot-kernel", digit), file("boot-initrd", digit), file("squashfs", digit)]);
    await db
      .insertInto("images")
      .values([
        { ...ephemeral, files: parts("a") },
        { ...ephemeral, name: "ephemeral-debian-13", built_at: later(60), files: parts("b") },
        { ...image, name: "debian-12", kind: "deployable", built_at: start, files: json([file("squashfs", "d")]) },
      ])
      .execute();
  });
  after(() => database.close());

  const request = (changes: Partial<BootRequest>): BootRequest => ({
    mac: null,
    uuid: null,
    client: "pxe-bios",
    firmware: null,
    architecture: null,
    architecture_code: null,
    rack_address: "10.0.0.1",
    address: null,
    stage: "script",
    ...changes,
  });
  const decideAt = (now: Date, changes: Partial<BootRequest>) =>
    decideBoot(db, request(changes), { clock: { now: () => now }, rack: "rack-one" });
  const boots = (mac: string) =>
    db
      .selectFrom("events")
      .selectAll()
      .where("type", "=", "boot.decided")
      .where("mac", "=", mac)
      .orderBy("id")
      .execute();
  const row = (id: string) => db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  it("finds a machine by any of its cards, and takes the newest ephemeral image", async () => {
    const machine = await addMachine(db, "cards0", "commissioning", { now: start });
    await db
      .insertInto("interfaces")
      .values({ machine_id: "cards0", name: "eth1", mac: "52:54:00:ee:00:01" })
      .execute();
    for (const mac of [machine.mac, "52:54:00:ee:00:01"]) {
      const { decision } = await foreseeBoot(db, request({ mac }));
      assert.equal(decision.machine_id, "cards0");
      assert.equal(decision.purpose, "commission");
      assert.equal(decision.hostname, "host-cards0");
      assert.equal(decision.kernel?.sha256, "b".repeat(64));
    }
    assert.equal((await foreseeBoot(db, request({ mac: "52:54:00:ee:00:02" }))).decision.purpose, "enlist");
    assert.deepEqual(await boots(machine.mac), [], "an explanation leaves no trace");
  });

  it("finds a machine by its UUID in both byte orders, unless the card is another machine's", async () => {
    const one = await addMachine(db, "wyth00", "ready", { now: start });
    await addMachine(db, "wyth11", "deployed", { now: start });
    await db
      .updateTable("machines")
      .set({ uuid: "00112233-4455-6677-8899-aabbccddeeff" })
      .where("id", "=", "wyth11")
      .execute();
    for (const uuid of ["00112233-4455-6677-8899-AABBCCDDEEFF", "33221100-5544-7766-8899-aabbccddeeff"]) {
      assert.equal((await foreseeBoot(db, request({ uuid }))).decision.machine_id, "wyth11");
      assert.equal((await foreseeBoot(db, request({ uuid, mac: "52:54:00:ee:00:03" }))).decision.machine_id, "wyth11");
      assert.equal((await foreseeBoot(db, request({ uuid, mac: one.mac }))).decision.machine_id, "wyth00");
    }
  });

  it("does nothing to a machine that became something else, or nothing, while its boot was decided", async () => {
    for (const [id, gone] of [
      ["race00", false],
      ["race11", true],
    ] as const) {
      const { mac } = await addMachine(db, id, "commissioning", { now: start });
      const asked = request({ mac, architecture_code: 0 });
      const { machine } = await loadBootFacts(db, asked);
      if (gone) await db.deleteFrom("machines").where("id", "=", id).execute();
      else await db.updateTable("machines").set({ status: "ready" }).where("id", "=", id).execute();
      const { decision, failure } = decide({ machine, images: [] }, asked);
      assert.ok(failure);
      await recordBoot(db, asked, machine, { decision, failure }, { clock: { now: () => start }, rack: null });
      assert.equal((await boots(mac)).length, 1);
      if (!gone) assert.deepEqual([(await row(id)).status, (await row(id)).failure], ["ready", null]);
    }
  });

  it("records a boot once, however many packets it takes", async () => {
    const machine = await addMachine(db, "once00", "commissioning", { now: start });
    const { mac } = machine;
    await decideAt(start, { mac, stage: "dhcp" });
    assert.equal((await boots(mac)).length, 0);
    await Promise.all([0, 1, 2].map((seconds) => decideAt(later(seconds), { mac, client: "pxe-uefi-x64" })));
    const [event, ...more] = await boots(mac);
    assert.equal(more.length, 0);
    assert.equal(event?.machine_id, "once00");
    assert.equal(event?.rack, "rack-one");
    assert.equal(event?.message, "the machine is being commissioned: boot the ephemeral system to take its inventory");
    assert.deepEqual(event?.data, {
      purpose: "commission",
      rule: event?.message,
      status: "commissioning",
      client: "pxe-uefi-x64",
      firmware: "uefi",
      architecture: "amd64",
      kernel: "b".repeat(64),
    });
    const { firmware, boot_mac, waits_for, deadline } = await row("once00");
    assert.deepEqual(
      { firmware, boot_mac, waits_for },
      { firmware: "uefi", boot_mac: mac, waits_for: "the agent to start" },
    );
    assert.ok(deadline !== null && deadline > start);
    await decideAt(later(40), { mac, client: "pxe-uefi-x64" });
    assert.equal((await boots(mac)).length, 2, "half a minute later is another boot");
  });

  it("records another decision at once", async () => {
    const { mac } = await addMachine(db, "twyce0", "deploying", { now: start, image: "debian-12" });
    assert.equal((await decideAt(start, { mac })).purpose, "install");
    await db.updateTable("machines").set({ netboot: false }).where("id", "=", "twyce0").execute();
    assert.equal((await decideAt(later(1), { mac })).purpose, "local");
    assert.equal((await boots(mac)).length, 2);
    assert.equal((await row("twyce0")).waits_for, "the installed system to start and ask for its user data");
  });

  it("fails a machine at once whose boot cannot be served", async () => {
    const { mac } = await addMachine(db, "gone00", "deploying", { now: start, image: "windows" });
    const decision = await decideAt(start, { mac, stage: "dhcp" });
    assert.equal(decision.purpose, "none");
    const { status, failure } = await row("gone00");
    assert.equal(status, "failed deployment");
    assert.equal(failure?.code, "image-missing");
    const [event] = await boots(mac);
    assert.equal(event?.level, "error");
    assert.equal(
      event?.failure?.next,
      "Build or upload it (rackwright images list shows what is there), then deploy the machine again.",
    );
    assert.equal((await decideAt(later(1), { mac })).purpose, "poweroff");
  });

  it("fails whatever the machine was to do in the ephemeral system, when that cannot be booted", async () => {
    const cases = [
      ["lost00", "testing", "failed testing"],
      ["lost11", "disk erasing", "failed disk erasing"],
      ["lost22", "entering rescue mode", "failed to enter rescue mode"],
    ] as const;
    for (const [id, status, failed] of cases) {
      const { mac } = await addMachine(db, id, status, { now: start });
      await decideAt(start, { mac, client: "pxe-uefi-x64" });
      assert.equal((await row(id)).waits_for, "the agent to start");
      await decideAt(later(60), { mac, client: "other", architecture_code: 27 });
      assert.deepEqual([(await row(id)).status, (await row(id)).failure?.code], [failed, "architecture-unsupported"]);
    }
    // What has an end of its own is not ended by a boot that goes wrong on the way.
    const { mac } = await addMachine(db, "lost33", "rescue mode", { now: start });
    await decideAt(start, { mac, client: "other", architecture_code: 27 });
    assert.equal((await row("lost33")).status, "rescue mode");
  });

  it("boots a machine deployed to memory from its image, where it has the memory by its inventory", async () => {
    await db
      .updateTable("images")
      .set({
        files: json(["squashfs", "boot-kernel", "boot-initrd"].map((role) => file(role, role[0] === "s" ? "d" : "e"))),
      })
      .where("name", "=", "debian-12")
      .execute();
    const { mac } = await addMachine(db, "mema00", "deploying", { now: start, image: "debian-12" });
    const change = (set: object) => db.updateTable("machines").set(set).where("id", "=", "mema00").execute();
    await change({ ephemeral: true, inventory: json({ memory: { total: 2 ** 31 } }) });
    assert.equal((await decideAt(start, { mac })).kernel?.sha256, "e".repeat(64));
    assert.equal((await row("mema00")).waits_for, "the system in memory to start and ask for its user data");
    await change({ inventory: json({ memory: { total: 2 ** 28 } }) });
    assert.equal((await decideAt(later(60), { mac })).purpose, "none");
    assert.deepEqual(
      [(await row("mema00")).status, (await row("mema00")).failure?.code],
      ["failed deployment", "memory-too-small"],
    );
  });

  it("tells of a stranger that cannot be served, once", async () => {
    const mac = "52:54:00:ee:00:09";
    for (const seconds of [0, 4, 12])
      await decideAt(later(seconds), { mac, stage: "dhcp", client: "other", architecture_code: 27 });
    const events = await boots(mac);
    assert.equal(events.length, 1);
    assert.equal(events[0]?.failure?.code, "architecture-unsupported");
  });

  it("learns a card from a forged UUID only while there is nothing to steal", async () => {
    const uuid = "abcdef00-0000-4000-8000-000000000001";
    const machine = await addMachine(db, "ferge0", "deploying", { now: start, image: "debian-12" });
    await db.updateTable("machines").set({ uuid }).where("id", "=", machine.id).execute();
    await decideAt(start, { mac: "52:54:00:ee:00:0a", uuid });
    assert.equal((await row(machine.id)).boot_mac, machine.mac);
    await db.updateTable("machines").set({ status: "commissioning" }).where("id", "=", machine.id).execute();
    await decideAt(later(60), { mac: "52:54:00:ee:00:0a", uuid });
    assert.equal((await row(machine.id)).boot_mac, "52:54:00:ee:00:0a");
  });
});

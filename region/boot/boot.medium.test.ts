import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BootRequest } from "@rackwright/contract";
import { json } from "../database/pool.ts";
import type { Database } from "../database/pool.ts";
import { testDatabase } from "../database/testing.ts";
import { addMachine } from "../metadata/testing.ts";
import { decideBoot, explainBoot } from "./decide.ts";

const start = new Date("2026-01-02T03:04:05.000Z");
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);

describe("boot decisions from the database", () => {
  let db: Database;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  before(async () => {
    database = await testDatabase();
    ({ db } = database);
    const image = { architecture: "amd64", title: "", os: "debian", release: "12", recipe: "0".repeat(64) } as const;
    const file = (role: string, digit: string) => ({ role, name: role, sha256: digit.repeat(64), size: 100 });
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
      const decision = await explainBoot(db, request({ mac }));
      assert.equal(decision.machine_id, "cards0");
      assert.equal(decision.purpose, "commission");
      assert.equal(decision.hostname, "host-cards0");
      assert.equal(decision.kernel?.sha256, "b".repeat(64));
    }
    assert.equal((await explainBoot(db, request({ mac: "52:54:00:ee:00:02" }))).purpose, "enlist");
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
      assert.equal((await explainBoot(db, request({ uuid }))).machine_id, "wyth11");
      assert.equal((await explainBoot(db, request({ uuid, mac: "52:54:00:ee:00:03" }))).machine_id, "wyth11");
      assert.equal((await explainBoot(db, request({ uuid, mac: one.mac }))).machine_id, "wyth00");
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

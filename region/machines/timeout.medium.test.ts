import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { failure } from "@rackwright/contract";
import type { Failure } from "@rackwright/contract";
import { type TestDatabase, testDatabase } from "../database/testing.ts";
import { appendEvents, type NewEvent } from "../events/append.ts";
import { explainTimeout } from "./timeout.ts";
import { testMachine } from "./testing.ts";

let database: TestDatabase;
before(async () => (database = await testDatabase()));
after(() => database.close());

const began = new Date("2026-01-01T12:00:00Z");
const later = (seconds: number) => new Date(began.getTime() + seconds * 1000);
const dead: Failure = {
  code: "bmc-unreachable",
  message: "10.0.0.9 is silent",
  evidence: ["sent 8 times"],
  next: "Look.",
};

type Saw = Pick<NewEvent, "type"> & Partial<NewEvent>;
const dhcp: Saw[] = [{ type: "dhcp.discover" }, { type: "dhcp.offer" }, { type: "dhcp.request" }, { type: "dhcp.ack" }];
const loader: Saw[] = [
  { type: "tftp.request", data: { path: "bootx64.efi" } },
  { type: "tftp.done", data: { path: "bootx64.efi" } },
];
const script: Saw[] = [{ type: "boot.decided", data: { purpose: "commission" } }];
const fetched = (name: string): Saw[] => [
  { type: "http.request", data: { name } },
  { type: "http.done", data: { name } },
];
const kernel = [...fetched("boot-kernel"), ...fetched("boot-initrd")];
const powered: Saw[] = [
  { type: "power.requested", data: { action: "cycle" } },
  { type: "power.done", data: { action: "cycle", state: "on" } },
];

/** What was seen of a machine, one row a place where it can stand still: the code tells the place. */
const places: readonly [code: string, saw: readonly Saw[], machine?: Parameters<typeof testMachine>[1]][] = [
  ["no-dhcp-request", []],
  ["no-dhcp-request", powered],
  ["power-not-finished", powered.slice(0, 1)],
  ["bmc-unreachable", [...powered.slice(0, 1), { type: "power.failed", data: { action: "cycle" }, failure: dead }]],
  ["no-dhcp-request", [...powered, { type: "power.failed", data: { action: "query" }, failure: dead }]],
  ["dhcp-no-offer", [...powered, ...dhcp.slice(0, 1)]],
  ["bmc-unreachable", [...powered, ...dhcp.slice(0, 1), { type: "dhcp.refused", failure: dead }]],
  ["dhcp-offer-not-taken", [...powered, ...dhcp.slice(0, 2)]],
  ["loader-not-fetched", [...powered, ...dhcp]],
  ["loader-cut", [...dhcp, ...loader.slice(0, 1)]],
  [
    "loader-cut",
    [
      ...dhcp,
      loader[0] ?? { type: "tftp.request" },
      { type: "tftp.failed", data: { path: "bootx64.efi", reason: "timeout" } },
    ],
  ],
  ["boot-loader-missing", [...dhcp, { type: "tftp.failed", data: { path: "odd.efi", reason: "not-found" } }]],
  ["loader-not-fetched", [...dhcp, { type: "tftp.done", data: { path: "bootx64.efi", aborted: true } }]],
  ["script-not-asked", [...dhcp, ...loader]],
  [
    "script-not-asked",
    [...dhcp, ...loader, { type: "tftp.failed", data: { path: "grub/command.lst", reason: "not-found" } }],
  ],
  ["kernel-not-fetched", [...dhcp, ...loader, ...script]],
  ["bmc-unreachable", [...dhcp, { type: "boot.decided", data: { purpose: "none" }, failure: dead }]],
  ["kernel-not-fetched", [...dhcp, ...script, ...fetched("boot-kernel")]],
  ["kernel-cut", [...dhcp, ...script, { type: "http.request", data: { name: "boot-kernel" } }]],
  ["kernel-cut", [...script, ...fetched("boot-kernel"), { type: "http.failed", data: { name: "boot-initrd" } }]],
  ["kernel-cut", [...script, ...kernel, { type: "http.request", data: { name: "squashfs" } }]],
  ["root-image-not-fetched", [...dhcp, ...loader, ...script, ...kernel, ...dhcp]],
  [
    "root-image-not-fetched",
    [
      ...script,
      { type: "tftp.done", data: { path: "images/00ff/boot-kernel" } },
      { type: "tftp.done", data: { path: "images/00aa/boot-initrd" } },
    ],
  ],
  ["agent-not-started", [...dhcp, ...script, ...kernel, ...fetched("squashfs"), { type: "cloudinit.progress" }]],
  ["agent-silent", [...script, ...kernel, ...fetched("squashfs"), { type: "agent.started" }]],
  ["agent-silent", [{ type: "machine.enlisted" }]],
  ["not-rebooted", [{ type: "agent.finished" }], { status: "deploying", netboot: false }],
  ["loader-not-fetched", dhcp, { status: "deploying", netboot: false }],
  [
    "installed-system-silent",
    [...dhcp, { type: "boot.decided", data: { purpose: "local" } }],
    { status: "deploying", netboot: false },
  ],
  ["cloudinit-silent", [...dhcp, { type: "cloudinit.progress" }], { status: "deploying", netboot: false }],
  ["memory-system-silent", [...kernel, ...fetched("squashfs"), ...dhcp], { status: "deploying", ephemeral: true }],
  ["root-image-not-fetched", [...kernel, ...dhcp], { status: "deploying", ephemeral: true }],
  ["power-not-finished", [...dhcp, ...script], { status: "releasing" }],
  ["bmc-unreachable", [{ type: "power.failed", data: { action: "off" }, failure: dead }], { status: "releasing" }],
  ["kernel-not-fetched", script, { status: "releasing", patience: "disk erasing" }],
];

async function explain(saw: readonly Saw[], values: Parameters<typeof testMachine>[1] = {}): Promise<Failure> {
  const { id, mac } = await testMachine(database.db, { status: "commissioning", status_since: began, ...values });
  // What came before the status is no news of it.
  const before: Saw[] = [{ type: "agent.started" }, { type: "dhcp.ack" }, { type: "cloudinit.progress" }];
  const events = [
    ...before.map((one) => ({ at: later(-1), ...one })),
    ...saw.map((one, n) => ({ at: later(n), ...one })),
  ];
  await appendEvents(
    database.db,
    // A rack's events know the card, not the machine.
    events.map((one, n) => ({ message: `${one.type} ${n}`, ...(n % 2 === 0 ? { machine_id: id } : {}), mac, ...one })),
  );
  const machine = await database.db.selectFrom("machines").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  return failure.parse(await explainTimeout(database.db, machine, later(3600)));
}

for (const [code, saw, values] of places) {
  const last = saw.map(({ type, data }) => [type, data?.["path"] ?? data?.["name"]].filter(Boolean).join(" ")).at(-1);
  test(`${values?.status ?? "commissioning"}, last seen ${last ?? "nothing"}: ${code}`, async () => {
    const told = await explain(saw, values);
    assert.equal(told.code, code, told.message);
    assert.match(told.message, /^host-\w+ was [a-z ]+ for 60 minutes, at last waiting for a sign of life\. /);
    if (saw.length > 0)
      assert.ok(
        told.evidence.some((line) => line.includes(`${saw.at(-1)?.type}: `)),
        told.evidence.join("\n"),
      );
    if (code === dead.code) assert.deepEqual([told.next, told.evidence.at(-1)], [dead.next, "sent 8 times"]);
  });
}

test("a machine that asks for thousands of files is explained by a bounded number of lines", async () => {
  const many = Array.from({ length: 1000 }, (_, n): Saw => ({ type: "tftp.request", data: { path: `x${n}.efi` } }));
  const told = await explain([...dhcp, ...many]);
  assert.equal(told.code, "loader-cut");
  assert.ok(told.evidence.length <= 50);
});

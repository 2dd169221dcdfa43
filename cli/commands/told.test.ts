import assert from "node:assert/strict";
import test from "node:test";
import type { BootExplanation, Event, Timeline } from "@rackwright/contract";
import { explanationLines } from "./boot.ts";
import { changeLine, momentOf } from "./events.ts";
import { duration } from "../words.ts";
import { timelineLines } from "./machine-timeline.ts";

const start = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(start + second * 1000).toISOString();

test("a timeline has a line for every phase and step, with bar, duration and what is usual", () => {
  const span = (from: number, to: number | null) => ({
    started_at: at(from),
    ended_at: to === null ? null : at(to),
    seconds: to === null ? null : to - from,
    outcome: to === null ? ("running" as const) : ("ok" as const),
    usual: null,
  });
  const told: Timeline = {
    machine_id: "abcdef",
    model: "Acme R1",
    phases: [
      {
        name: "deploy",
        ...span(0, null),
        steps: [
          { name: "firmware", title: "Firmware starts", ...span(0, 30), usual: { seconds: 12, samples: 7 } },
          { name: "loader", title: "Boot loader", ...span(30, 60), outcome: "failed" },
        ],
      },
    ],
  };
  const lines = timelineLines(told, start + 60_000);
  assert.equal(lines[0], "Usual times are those of Acme R1.");
  assert.match(lines[2] ?? "", /^20\d\d-\d\d-\d\d \d\d:00:00 {2}… deploy +60\.0 s$/);
  assert.match(lines[3] ?? "", /✓ Firmware starts +30\.0 s {2}█{15} +usually 12\.0 s \(of 7\) {2}← slow$/);
  assert.match(lines[4] ?? "", /✗ Boot loader +30\.0 s {17}█{15}$/);
  assert.deepEqual(timelineLines({ ...told, phases: [] }, start), ["Nothing has happened to this machine yet."]);
});

test("durations from tenths of a second to days", () => {
  assert.deepEqual([0.04, 99.94, 100, 3599.6, 7500, 360_000].map(duration), [
    "0.0 s",
    "99.9 s",
    "1 min 40 s",
    "1 h 0 min",
    "2 h 5 min",
    "4 d 4 h",
  ]);
});

test("moments are dates, or so long ago; anything else is refused by name", () => {
  assert.equal(momentOf("--since", "2h", start), at(-7200));
  assert.equal(momentOf("--since", "2026-01-01T01:00:00+01:00", start), at(0));
  assert.throws(() => momentOf("--until", "soon", start), /--until is 'soon'/);
});

test("a change shows each field before and after", () => {
  const event = { data: { before: { mtu: null, dhcp: false }, after: { mtu: 9000, dhcp: true } } } as unknown as Event;
  assert.equal(changeLine(event), "    mtu: null → 9000, dhcp: false → true");
  assert.equal(changeLine({ data: {} } as unknown as Event), undefined);
});

test("an explanation says what boots, every rule, the wire and the files", () => {
  const message = {
    type: "ack" as const,
    destination: "255.255.255.255:68 (broadcast)",
    address: "10.0.0.9",
    next_server: "10.0.0.1",
    file: "bootx64.efi",
    options: [{ code: 51, name: "lease-time", value: "30", hex: "0000001e" }],
    hex: "00",
  };
  const told: BootExplanation = {
    mac: "52:54:00:00:00:01",
    arch: "x86_64-efi",
    architecture: "amd64",
    client: "pxe",
    uuid: null,
    place: { rack: "r1", interface: "eth0", why: "it saw the card last" },
    decision: {
      machine_id: null,
      purpose: "enlist",
      rule: "nobody knows it",
      architecture: "amd64",
      hostname: "x",
      kernel: null,
      initrd: null,
      command_line: "",
    },
    rules: [
      { name: "deployed", purpose: "local", outcome: "lost", why: "no machine is known" },
      { name: "enlist", purpose: "enlist", outcome: "won", why: "nobody knows it" },
    ],
    machine: null,
    files: [{ role: "squashfs", image: "eph", name: "squashfs", sha256: "a".repeat(64), size: 2048 }],
    failure: null,
    stages: [
      {
        program: "pxe",
        client: "pxe-uefi-x64",
        dhcp: {
          interface: "eth0",
          rack_address: "10.0.0.1",
          relay: null,
          link: ["10.0.0.0/24"],
          subnet: "10.0.0.0/24",
          address: "10.0.0.9",
          source: "region",
          source_words: "the first free one",
          lease_seconds: 30,
          offer: null,
          answer: message,
          problems: ["a problem"],
        },
        files: [
          {
            url: "tftp://10.0.0.1/bootx64.efi",
            kind: "loader",
            sha256: null,
            size: null,
            text: "a\nb\n",
            problem: "gone",
          },
        ],
      },
    ],
    command_line: "ro quiet",
    problem: null,
  };
  const text = explanationLines(told).join("\n");
  for (const part of [
    /^52:54:00:00:00:01 would boot: enlist\. nobody knows it/,
    /machine {3}none: a stranger/,
    /· +deployed +local +lost +no machine is known/,
    /✓ +enlist +enlist +won/,
    /1\. firmware over PXE \(pxe-uefi-x64\)/,
    /address 10\.0\.0\.9 in 10\.0\.0\.0\/24 for 30 s: the first free one/,
    /DHCPACK 255\.255\.255\.255:68 \(broadcast\)/,
    /51 +lease-time +30 +0000001e/,
    /✗ a problem/,
    /✗ gone/,
    / {2}\| b/,
    /squashfs +eph +2 KiB +a{64}/,
    /Kernel command line:\n {2}ro quiet$/,
  ])
    assert.match(text, part);
});

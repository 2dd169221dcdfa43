import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bootClient, bootDecision, machineStatuses } from "@rackwright/contract";
import type { BootClient, BootPurpose, BootRequest, MachineStatus } from "@rackwright/contract";
import fc from "fast-check";
import type { BootFacts, BootImage, BootMachine } from "./facts.ts";
import { uuidSpellings } from "./facts.ts";
import { bootRules, decide } from "./rules.ts";

const hash = (digit: string): string => digit.repeat(64);
const ephemeral: BootImage = {
  name: "ephemeral-debian-12",
  kind: "ephemeral",
  architecture: "amd64",
  files: [
    { role: "boot-kernel", name: "boot-kernel", sha256: hash("a"), size: 8_000_000 },
    { role: "boot-initrd", name: "boot-initrd", sha256: hash("b"), size: 9_500_000 },
    { role: "squashfs", name: "squashfs", sha256: hash("c"), size: 140_000_000 },
  ],
};
const debian: BootImage = {
  name: "debian-12",
  kind: "deployable",
  architecture: "amd64",
  files: [{ role: "squashfs", name: "squashfs", sha256: hash("d"), size: 181_000_000 }],
};
const request = (changes: Partial<BootRequest> = {}): BootRequest => ({
  mac: "52:54:00:12:34:56",
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
const machine = (status: MachineStatus, netboot = true, changes: Partial<BootMachine> = {}): BootMachine => ({
  id: "abc123",
  hostname: "swift-crab",
  status,
  netboot,
  image: "debian-12",
  architecture: "amd64",
  byMac: true,
  ...changes,
});
const facts = (known: BootMachine | null, images = [ephemeral, debian]): BootFacts => ({ machine: known, images });

describe("boot rules", () => {
  const table: [MachineStatus, boolean, BootPurpose, string][] = [
    ["new", true, "poweroff", "nothing-to-do"],
    ["new", false, "poweroff", "nothing-to-do"],
    ["commissioning", true, "commission", "commission"],
    ["commissioning", false, "commission", "commission"],
    ["failed commissioning", true, "poweroff", "nothing-to-do"],
    ["failed commissioning", false, "poweroff", "nothing-to-do"],
    ["ready", true, "poweroff", "nothing-to-do"],
    ["ready", false, "poweroff", "nothing-to-do"],
    ["allocated", true, "poweroff", "nothing-to-do"],
    ["allocated", false, "poweroff", "nothing-to-do"],
    ["deploying", true, "install", "install"],
    ["deploying", false, "local", "installed"],
    ["deployed", true, "local", "deployed"],
    ["deployed", false, "local", "deployed"],
    ["failed deployment", true, "poweroff", "nothing-to-do"],
    ["failed deployment", false, "poweroff", "nothing-to-do"],
    ["releasing", true, "poweroff", "nothing-to-do"],
    ["releasing", false, "poweroff", "nothing-to-do"],
    ["failed releasing", true, "poweroff", "nothing-to-do"],
    ["failed releasing", false, "poweroff", "nothing-to-do"],
  ];
  const amd64Clients: BootClient[] = ["ipxe", "pxe-bios", "pxe-uefi-x64", "http-uefi-x64", "grub"];

  it("has a row for every status", () => {
    assert.deepEqual([...new Set(table.map(([status]) => status))].sort(), [...machineStatuses].sort());
  });

  for (const [status, netboot, purpose, rule] of table) {
    it(`${status}, netboot ${netboot}: ${purpose}`, () => {
      for (const client of amd64Clients) {
        const answer = decide(facts(machine(status, netboot)), request({ client }));
        assert.deepEqual(
          { client, purpose: answer.decision.purpose, rule: answer.rule.name, failure: answer.failure },
          { client, purpose, rule, failure: null },
        );
        const boots = purpose === "install" || purpose === "commission" || purpose === "poweroff";
        assert.equal(answer.decision.kernel?.sha256, boots ? hash("a") : undefined);
      }
    });
  }

  it("enlists a card it does not know", () => {
    for (const client of amd64Clients) {
      const { decision, rule } = decide(facts(null), request({ client }));
      assert.equal(decision.purpose, "enlist");
      assert.equal(rule.name, "enlist");
      assert.equal(decision.machine_id, null);
      assert.equal(decision.hostname, "rackwright-enlist");
    }
  });

  it("tells the architecture from the client, then option 93, then the record", () => {
    const arm = { ...ephemeral, architecture: "arm64" as const };
    const of = (changes: Partial<BootRequest>, known: BootMachine | null = null): string =>
      decide(facts(known, [ephemeral, arm, debian]), request(changes)).decision.architecture ?? "none";
    assert.equal(of({ client: "pxe-uefi-arm64" }), "arm64");
    assert.equal(of({ client: "http-uefi-arm64" }), "arm64");
    assert.equal(of({ client: "grub", architecture: "arm64" }), "arm64");
    assert.equal(of({ client: "ipxe", architecture_code: 11 }), "arm64");
    assert.equal(of({ client: "other", architecture_code: 16 }), "amd64");
    assert.equal(of({ client: "other", architecture_code: 9 }), "amd64");
    assert.equal(of({ client: "other" }), "none");
    assert.equal(of({ client: "grub" }, machine("commissioning", true, { architecture: "arm64" })), "arm64");
  });

  it("says what a firmware it cannot serve is, and what to do", () => {
    const { decision, failure } = decide(facts(null), request({ client: "other", architecture_code: 6 }));
    assert.equal(decision.purpose, "none");
    assert.equal(decision.kernel, null);
    assert.equal(decision.command_line, "");
    assert.equal(decision.rule, "nothing is served to this firmware: architecture code 6 (32-bit x86 UEFI)");
    assert.deepEqual(failure, {
      code: "architecture-unsupported",
      message: "The machine's firmware cannot start anything there is: architecture code 6 (32-bit x86 UEFI).",
      evidence: ["client other, DHCP option 93: 6"],
      next: "Switch the machine's firmware to UEFI x64, UEFI arm64 or BIOS network boot.",
    });
  });

  it("says that the ephemeral image is missing, and how to get it", () => {
    const halfBuilt = { ...ephemeral, files: ephemeral.files.slice(0, 2) };
    for (const images of [[debian], [debian, halfBuilt], [debian, { ...ephemeral, architecture: "arm64" as const }]]) {
      for (const known of [null, machine("commissioning"), machine("deploying")]) {
        const { decision, failure } = decide(facts(known, images), request());
        assert.equal(decision.purpose, "none");
        assert.equal(decision.rule, "no ephemeral image for amd64 is here to boot");
        assert.equal(failure?.code, "ephemeral-image-missing");
        assert.equal(failure?.next, "Build the images: rackwright images build");
      }
    }
  });

  it("powers off and boots from disk even without an ephemeral image", () => {
    assert.equal(decide(facts(machine("ready"), []), request()).decision.purpose, "poweroff");
    assert.equal(decide(facts(machine("ready"), []), request()).decision.kernel, null);
    assert.equal(decide(facts(machine("deployed"), []), request()).decision.purpose, "local");
  });

  it("does not start an installation whose image is gone", () => {
    const { decision, failure } = decide(facts(machine("deploying"), [ephemeral]), request());
    assert.equal(decision.purpose, "none");
    assert.equal(failure?.code, "image-missing");
    assert.match(failure?.message ?? "", /^The image debian-12 for amd64 to deploy is not in the image store\.$/);
  });

  it("gives the whole decision of a known machine", () => {
    assert.deepEqual(decide(facts(machine("commissioning")), request()).decision, {
      machine_id: "abc123",
      purpose: "commission",
      rule: "the machine is being commissioned: boot the ephemeral system to take its inventory",
      architecture: "amd64",
      hostname: "swift-crab",
      kernel: { name: "boot-kernel", sha256: hash("a"), size: 8_000_000 },
      initrd: { name: "boot-initrd", sha256: hash("b"), size: 9_500_000 },
      command_line:
        "nomodeset " +
        "root=squash:http://{rack}/images/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc/squashfs " +
        "ip=::::swift-crab:BOOTIF:dhcp ip6=off cc:{'datasource_list': ['MAAS']}end_cc " +
        "cloud-config-url=http://{rack}/MAAS/metadata/latest/by-id/abc123/?op=get_preseed " +
        "ro overlayroot=tmpfs overlayroot_cfgdisk=disabled quiet console=tty0 console=ttyS0,115200 panic=60",
    });
  });

  it("gives the whole command line of an unknown one", () => {
    assert.equal(
      decide(facts(null), request()).decision.command_line,
      "nomodeset " +
        "root=squash:http://{rack}/images/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc/squashfs " +
        "ip=::::rackwright-enlist:BOOTIF:dhcp ip6=off cc:{'datasource_list': ['MAAS']}end_cc " +
        "cloud-config-url=http://{rack}/MAAS/metadata/latest/enlist-preseed/?op=get_enlist_preseed " +
        "ro overlayroot=tmpfs overlayroot_cfgdisk=disabled quiet console=tty0 console=ttyS0,115200 panic=60",
    );
  });

  it("answers anything, with the first rule that matches, in the contract's form", () => {
    const anyRequest = fc.record({
      client: fc.constantFrom(...bootClient.options),
      architecture_code: fc.option(fc.nat(65_535)),
      architecture: fc.option(fc.constantFrom("amd64" as const, "arm64" as const)),
      mac: fc.option(fc.constant("52:54:00:12:34:56")),
      stage: fc.constantFrom("dhcp" as const, "script" as const),
    });
    const anyMachine = fc.option(
      fc.record({
        status: fc.constantFrom(...machineStatuses),
        netboot: fc.boolean(),
        image: fc.option(fc.constantFrom("debian-12", "gone")),
        architecture: fc.option(fc.constantFrom("amd64" as const, "arm64" as const)),
      }),
    );
    const anyImages = fc.subarray([ephemeral, debian]);
    fc.assert(
      fc.property(anyRequest, anyMachine, anyImages, (changes, known, images) => {
        const answer = decide(
          facts(known === null ? null : machine(known.status, known.netboot, known), images),
          request(changes),
        );
        bootDecision.parse(answer.decision);
        assert.equal(answer.failure !== null, answer.decision.purpose === "none");
        assert.equal(answer.decision.kernel === null, answer.decision.command_line === "");
      }),
    );
  });

  it("names every rule once", () => {
    assert.equal(new Set(bootRules.map((rule) => rule.name)).size, bootRules.length);
  });
});

describe("spellings of a UUID", () => {
  it("gives both byte orders in lower case", () => {
    assert.deepEqual(uuidSpellings("00112233-4455-6677-8899-AABBCCDDEEFF"), [
      "00112233-4455-6677-8899-aabbccddeeff",
      "33221100-5544-7766-8899-aabbccddeeff",
    ]);
  });

  it("gives nothing for what identifies no machine", () => {
    const blank = ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"];
    for (const text of [null, "", "Not Settable", ...blank]) assert.deepEqual(uuidSpellings(text), []);
  });
});

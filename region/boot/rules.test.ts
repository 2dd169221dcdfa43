import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bootClient, bootDecision, machineStatuses } from "@rackwright/contract";
import type { BootClient, BootPurpose, BootRequest, MachineStatus } from "@rackwright/contract";
import fc from "fast-check";
import type { BootFacts, BootImage, BootMachine } from "./facts.ts";
import { uuidSpellings } from "./facts.ts";
import { bootRules } from "./rules.ts";
import { decide, judgeRules } from "./judge.ts";

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
  files: [
    { role: "squashfs", name: "squashfs", sha256: hash("d"), size: 181_000_000 },
    { role: "boot-kernel", name: "boot-kernel", sha256: hash("e"), size: 8_000_000 },
    { role: "boot-initrd", name: "boot-initrd", sha256: hash("f"), size: 9_500_000 },
  ],
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
  installed: false,
  ephemeral: false,
  patience: null,
  memory: 2 ** 30,
  image: "debian-12",
  architecture: "amd64",
  kernelOptions: "",
  byMac: true,
  ...changes,
});
const facts = (known: BootMachine | null, images = [ephemeral, debian]): BootFacts => ({ machine: known, images });

describe("boot rules", () => {
  const installed = { installed: true };
  const inMemory = { installed: true, ephemeral: true };
  const scripts = { patience: "disk erasing" };
  const table: [MachineStatus, boolean, BootPurpose, string, Partial<BootMachine>?][] = [
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
    ["releasing", true, "release", "release", scripts],
    ["failed releasing", true, "poweroff", "nothing-to-do"],
    ["failed releasing", false, "poweroff", "nothing-to-do"],
    ["failed releasing", true, "poweroff", "nothing-to-do", installed],
    ["testing", true, "test", "test"],
    ["testing", false, "test", "test", installed],
    ["testing", true, "test", "test", inMemory],
    ["failed testing", true, "poweroff", "nothing-to-do"],
    ["failed testing", false, "local", "own-system", installed],
    ["failed testing", true, "memory", "memory", inMemory],
    ["disk erasing", true, "release", "release", installed],
    ["failed disk erasing", true, "poweroff", "nothing-to-do", installed],
    ["entering rescue mode", false, "rescue", "rescue", installed],
    ["entering rescue mode", true, "rescue", "rescue"],
    ["rescue mode", false, "rescue", "rescue", installed],
    ["rescue mode", true, "rescue", "rescue", inMemory],
    ["failed to enter rescue mode", true, "poweroff", "nothing-to-do"],
    ["failed to enter rescue mode", false, "local", "own-system", installed],
    ["exiting rescue mode", true, "poweroff", "nothing-to-do"],
    ["exiting rescue mode", false, "local", "own-system", installed],
    ["exiting rescue mode", true, "memory", "memory", inMemory],
    ["failed to exit rescue mode", true, "poweroff", "nothing-to-do"],
    ["failed to exit rescue mode", false, "local", "own-system", installed],
    ["deploying", true, "memory", "memory", { ephemeral: true }],
    ["deployed", true, "memory", "memory", inMemory],
    ["broken", true, "poweroff", "nothing-to-do"],
    ["broken", false, "local", "own-system", installed],
    ["broken", true, "memory", "memory", inMemory],
    ["reserved", true, "poweroff", "nothing-to-do"],
    ["reserved", false, "local", "own-system", installed],
    ["missing", true, "poweroff", "nothing-to-do"],
    ["missing", false, "local", "own-system", installed],
    ["retired", true, "poweroff", "nothing-to-do"],
    ["retired", false, "local", "own-system", installed],
  ];
  const amd64Clients: BootClient[] = ["ipxe", "pxe-bios", "pxe-uefi-x64", "http-uefi-x64", "grub"];

  it("has a row for every status", () => {
    assert.deepEqual([...new Set(table.map(([status]) => status))].sort(), [...machineStatuses].sort());
  });

  for (const [status, netboot, purpose, rule, more] of table) {
    it(`${status}, netboot ${netboot}${more ? `, ${JSON.stringify(more)}` : ""}: ${purpose}`, () => {
      for (const client of amd64Clients) {
        const answer = decide(facts(machine(status, netboot, more)), request({ client }));
        assert.deepEqual(
          { client, purpose: answer.decision.purpose, rule: answer.rule.name, failure: answer.failure },
          { client, purpose, rule, failure: null },
        );
        const kernel = purpose === "local" ? undefined : purpose === "memory" ? hash("e") : hash("a");
        assert.equal(answer.decision.kernel?.sha256, kernel);
        assert.ok(answer.decision.rule.length > 20, "every answer has words");
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

  it("boots a machine deployed to memory from its image's own kernel, without an ephemeral image", () => {
    const { decision } = decide(facts(machine("deploying", true, { ephemeral: true }), [debian]), request());
    assert.deepEqual(decision, {
      machine_id: "abc123",
      purpose: "memory",
      rule: "the machine is being deployed to memory: boot debian-12 from the network",
      architecture: "amd64",
      hostname: "swift-crab",
      kernel: { name: "boot-kernel", sha256: hash("e"), size: 8_000_000 },
      initrd: { name: "boot-initrd", sha256: hash("f"), size: 9_500_000 },
      command_line:
        "root=squash:http://{rack}/images/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/squashfs " +
        "ip=::::swift-crab:BOOTIF:dhcp ip6=off cc:{'datasource_list': ['MAAS']}end_cc " +
        "cloud-config-url=http://{rack}/MAAS/metadata/latest/by-id/abc123/?op=get_preseed " +
        "ro overlayroot=tmpfs overlayroot_cfgdisk=disabled quiet console=tty0 console=ttyS0,115200 panic=60",
    });
  });

  it("does not boot into memory what is not there, has no kernel, or does not fit", () => {
    const diskOnly = { ...debian, files: debian.files.slice(0, 1) };
    const cases: [BootImage[], number | null, string, string][] = [
      [[], 2 ** 31, "no-memory-image", "image-missing"],
      [[diskOnly], 2 ** 31, "not-for-memory", "image-not-for-memory"],
      [[debian], 2 ** 29, "too-little-memory", "memory-too-small"],
    ];
    for (const [images, memory, name, code] of cases) {
      const known = machine("deploying", true, { ephemeral: true, memory });
      const { decision, rule, failure } = decide(facts(known, images), request());
      assert.deepEqual([decision.purpose, rule.name, failure?.code, decision.kernel], ["none", name, code, null]);
    }
    const unknown = machine("deploying", true, { ephemeral: true, memory: null });
    assert.equal(decide(facts(unknown), request()).decision.purpose, "memory");
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
        installed: fc.boolean(),
        ephemeral: fc.boolean(),
        patience: fc.constantFrom(null, "disk erasing"),
        memory: fc.option(fc.constantFrom(2 ** 28, 2 ** 31)),
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

describe("why would it boot that?", () => {
  const told = (known: BootMachine | null, images = [ephemeral, debian]) =>
    judgeRules(facts(known, images), request({ client: "pxe-uefi-x64" })).map(
      ({ name, outcome, why }) => `${name} ${outcome}: ${why}`,
    );

  it("names every rule in order, with what it saw", () => {
    const rules = told(machine("deploying"), [ephemeral]);
    assert.equal(rules.length, bootRules.length);
    const line = (name: string) => rules.find((each) => each.startsWith(`${name} `));
    assert.equal(line("deployed"), "deployed lost: the machine is deploying, not deployed");
    assert.match(
      line("installed") ?? "",
      /lost: the machine is deploying, and the system is not on its disk yet: its order is/,
    );
    assert.equal(
      line("no-ephemeral-image"),
      "no-ephemeral-image lost: the ephemeral image ephemeral-debian-12 for amd64 is here",
    );
    assert.match(
      line("no-image") ?? "",
      /won: the machine is deploying, .* the image debian-12 for amd64 is not in the image store/,
    );
    assert.equal(line("install"), "install not reached: 'no-image' had decided already");
    assert.match(told(null).at(-1) ?? "", /^enlist won: no machine is known by this network card or UUID: /);
  });

  it("says exactly what decide does, for every machine, firmware and store of images", () => {
    const machines = fc.option(fc.tuple(fc.constantFrom(...machineStatuses), fc.boolean()));
    const stores = fc.subarray([ephemeral, debian]);
    const clients = fc.constantFrom(...bootClient.options);
    const codes = fc.option(fc.constantFrom(0, 6, 7, 11, 16));
    fc.assert(
      fc.property(machines, stores, clients, codes, (known, images, client, architecture_code) => {
        const given = facts(known && machine(known[0], known[1]), images);
        const question = request({ client, architecture_code });
        const { rule } = decide(given, question);
        const won = judgeRules(given, question).filter(({ outcome }) => outcome === "won");
        assert.deepEqual(
          won.map(({ name, purpose }) => ({ name, purpose })),
          [{ name: rule.name, purpose: rule.purpose }],
        );
      }),
    );
  });
});

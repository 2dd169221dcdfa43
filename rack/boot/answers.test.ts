import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type BootDecision, type BootRequest, LinkFailure } from "@rackwright/contract";
import type { ClientClass, ClientKind } from "@rackwright/dhcp";
import { bytesSource, type FileClient } from "../images/index.ts";
import { Decisions } from "./decisions.ts";
import { dhcpBoot } from "./dhcp.ts";
import { openBoot } from "./open.ts";

const mac = "52:54:00:12:34:56";
const local: BootDecision = {
  machine_id: "abcdef",
  purpose: "local",
  rule: "deployed",
  architecture: "amd64",
  hostname: "node1",
  kernel: null,
  initrd: null,
  command_line: "",
};
const lost = new LinkFailure({ code: "link-lost", message: "lost", next: "wait" });
const client: FileClient = { address: "10.0.0.9", localAddress: "10.0.0.1", protocol: "tftp" };
const loader = { role: "grubx64.efi", name: "grubx64.efi", sha256: "a".repeat(64), size: 3 };
const request: BootRequest = {
  mac,
  uuid: null,
  client: "ipxe",
  firmware: null,
  architecture: null,
  architecture_code: null,
  rack_address: "10.0.0.1",
  address: null,
  stage: "script",
};

async function makeDecisions(t: TestContext, ask: (request: BootRequest) => Promise<BootDecision>) {
  const folder = await mkdtemp(join(tmpdir(), "rw-boot-"));
  t.after(() => rm(folder, { recursive: true }));
  const time = { now: 0 };
  const make = (): Decisions => new Decisions({ ask, folder, now: () => time.now, failed: assert.ifError });
  return { make, folder, time };
}

test("a decision is asked once for the questions of two seconds", async (t) => {
  let asked = 0;
  const { make, time } = await makeDecisions(t, () => Promise.resolve({ ...local, hostname: `node${++asked}` }));
  const decisions = make();
  const answers = await Promise.all([decisions.decide(request), decisions.decide(request)]);
  assert.deepEqual([answers[0]?.hostname, answers[1]?.hostname, asked], ["node1", "node1", 1]);
  await decisions.decide({ ...request, mac: "52:54:00:00:00:02" });
  assert.equal(asked, 2);
  time.now = 2001;
  assert.equal((await decisions.decide(request)).hostname, "node3");
});

test("without a region a known machine gets its last decision, also after a restart; a stranger and an error get none", async (t) => {
  const world = { away: false, failure: lost };
  const ask = ({ mac }: BootRequest): Promise<BootDecision> =>
    world.away
      ? Promise.reject(world.failure)
      : Promise.resolve({ ...local, machine_id: mac === request.mac ? "abcdef" : null });
  const { make, folder, time } = await makeDecisions(t, ask);
  const first = make();
  await first.decide(request);
  await first.decide({ ...request, mac: "52:54:00:00:00:02" });
  assert.deepEqual(await readdir(folder), ["525400123456.json"]);
  world.away = true;
  time.now = 10_000;
  const again = make();
  const remembered = { ...local, rule: "deployed (as last heard: no region answers now)" };
  assert.deepEqual(await again.decide(request), remembered);
  await assert.rejects(again.decide({ ...request, mac: "52:54:00:00:00:02" }), lost);
  world.failure = new LinkFailure({ code: "link-handler-failed", message: "bug", next: "report" });
  time.now = 20_000;
  await assert.rejects(again.decide(request), world.failure);
});

test("without a region no machine is told again what was for one moment", async (t) => {
  const world: { away: boolean; purpose: BootDecision["purpose"] } = { away: false, purpose: "none" };
  const ask = (): Promise<BootDecision> =>
    world.away ? Promise.reject(lost) : Promise.resolve({ ...local, purpose: world.purpose });
  const { make, time } = await makeDecisions(t, ask);
  const decisions = make();
  for (const [purpose, lasts] of [
    ["poweroff", false],
    ["install", false],
    ["rescue", false],
    ["none", false],
    ["memory", true],
    ["local", true],
  ] as const) {
    Object.assign(world, { away: false, purpose });
    await decisions.decide(request);
    time.now += 10_000;
    world.away = true;
    const again = decisions.decide(request);
    if (lasts) assert.equal((await again).purpose, purpose);
    else await assert.rejects(again, lost);
    time.now += 10_000;
  }
});

const classOf = (kind: ClientKind): ClientClass => ({
  kind,
  netboot: true,
  architectures: [7],
  architectureCode: 7,
  architecture: "amd64",
  firmware: "uefi",
  vendorClass: "PXEClient",
  userClass: [],
  guid: "00112233-4455-6677-8899-aabbccddeeff",
  guidBigEndian: undefined,
  ipxeFeatures: [],
});

test("each kind of client gets its loader, and nothing where there is none or the decision says so", async () => {
  const asked: BootRequest[] = [];
  const missed: string[] = [];
  const world = { purpose: "commission" as BootDecision["purpose"], loaders: ["bootx64.efi", "undionly.kpxe"] };
  const boot = dhcpBoot({
    decide: (question) => {
      asked.push(question);
      return Promise.resolve({ ...local, purpose: world.purpose });
    },
    httpPort: () => 5248,
    hasLoader: (name) => world.loaders.includes(name),
    missing: (name) => missed.push(name),
  });
  const reply = (kind: ClientKind) =>
    boot({ client: classOf(kind), mac, rackAddress: "10.0.0.1", address: "10.0.0.9" });
  const nextServer = "10.0.0.1";
  const script = "http://10.0.0.1:5248/ipxe.cfg-52-54-00-12-34-56";
  assert.deepEqual(await reply("ipxe"), { nextServer, bootFile: script, ipxeNoProxy: true });
  assert.deepEqual(await reply("pxe-bios"), { nextServer, bootFile: "undionly.kpxe" });
  assert.deepEqual(await reply("pxe-uefi-x64"), { nextServer, bootFile: "bootx64.efi" }, "no option 60");
  const http = "http://10.0.0.1:5248/images/bootx64.efi";
  assert.deepEqual(await reply("http-uefi-x64"), { nextServer, bootFile: http, vendorClass: "HTTPClient" });
  world.loaders.push("snponly.efi");
  const ipxe = "http://10.0.0.1:5248/images/snponly.efi";
  assert.deepEqual(await reply("http-uefi-x64"), { nextServer, bootFile: ipxe, vendorClass: "HTTPClient" });
  assert.equal(await reply("pxe-uefi-arm64"), undefined);
  assert.deepEqual(missed, ["bootaa64.efi"]);
  assert.equal(await reply("onie"), undefined);
  assert.equal(await reply("netboot-other"), undefined);
  assert.deepEqual(asked[2], {
    mac,
    uuid: "00112233-4455-6677-8899-aabbccddeeff",
    client: "pxe-uefi-x64",
    firmware: "uefi",
    architecture: "amd64",
    architecture_code: 7,
    rack_address: "10.0.0.1",
    address: "10.0.0.9",
    stage: "dhcp",
  });
  world.purpose = "local";
  assert.ok(await reply("pxe-uefi-x64"), "a loader that boots the disk");
  world.purpose = "none";
  assert.equal(await reply("pxe-uefi-x64"), undefined);
});

test("files by name: loaders from the store, scripts by decision, everything else is not there", async () => {
  const asked: BootRequest[] = [];
  const open = openBoot({
    decide: (question) => {
      asked.push(question);
      return Promise.resolve(local);
    },
    httpPort: () => 5248,
    loader: (name) => (name === loader.name ? loader : undefined),
    openFile: ({ sha256 }) => Promise.resolve(sha256 === loader.sha256 ? bytesSource(Buffer.from("EFI")) : undefined),
  });
  const read = async (path: string, from = client): Promise<string | undefined> => {
    const source = await open(path, from);
    return source && Buffer.from(await source.read(0, source.size)).toString();
  };
  assert.equal(await read("GRUBX64.EFI"), "EFI");
  assert.equal(await read(`images/${loader.sha256}/boot-kernel`), "EFI");
  assert.equal(await read(`images/${"b".repeat(64)}/boot-kernel`), undefined);
  assert.equal(await read("other.efi"), undefined);
  assert.equal(await read("etc/passwd"), undefined);
  assert.deepEqual(asked, []);
  assert.match((await read("ipxe.cfg")) ?? "", /^#!ipxe\nchain --replace --autofree http:\/\/10\.0\.0\.1:5248\//);
  assert.match((await read(`ipxe.cfg-${mac}`)) ?? "", /^sanboot /m);
  assert.match((await read(`grub/grub.cfg-${mac}`, { ...client, protocol: "http" })) ?? "", /^for file in /m);
  await read("grub/grub.cfg-default-arm64");
  assert.deepEqual(
    asked.map(({ mac, client, firmware, architecture, stage }) => ({ mac, client, firmware, architecture, stage })),
    [
      { mac, client: "ipxe", firmware: null, architecture: null, stage: "script" },
      { mac, client: "grub", firmware: "uefi", architecture: null, stage: "script" },
      { mac: null, client: "grub", firmware: "uefi", architecture: "arm64", stage: "script" },
    ],
  );
});

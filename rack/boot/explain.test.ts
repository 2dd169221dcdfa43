import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BootDecision,
  type BootForesight,
  LinkFailure,
  type LeaseOfferRequest,
  rackDeviceUnknown,
  type RackExplainRequest,
  rackExplanation,
} from "@rackwright/contract";
import { parseNetwork } from "@rackwright/dhcp";
import { createDhcpExplainer } from "../dhcp/explain.ts";
import type { Face } from "../dhcp/face.ts";
import { makeDesk } from "../dhcp/testing/desk.ts";
import { wireConfig } from "../dhcp/testing/wire.ts";
import { bytesSource } from "../images/index.ts";
import { explainBoot } from "./explain.ts";

const mac = "52:54:00:12:34:56";
const hash = (digit: string): string => digit.repeat(64);
const decision: BootDecision = {
  machine_id: null,
  purpose: "enlist",
  rule: "nobody knows it",
  architecture: "amd64",
  hostname: "node1",
  kernel: { name: "boot-kernel", sha256: hash("a"), size: 1 },
  initrd: { name: "boot-initrd", sha256: hash("b"), size: 1 },
  command_line: "ro cc:{'datasource_list': ['MAAS']}end_cc url=http://{rack}/x",
};

function makeRack(given: { purpose?: BootDecision["purpose"]; loaders?: readonly string[] } = {}) {
  const { purpose = "enlist", loaders = ["bootx64.efi", "grubx64.efi", "undionly.kpxe", "snponly.efi"] } = given;
  const desk = makeDesk(wireConfig());
  const sent: Uint8Array[] = [];
  const face = (device: string, address: string, prefix: number): Face => ({
    device,
    mac: undefined,
    addresses: [{ address, network: parseNetwork(`${address.replace(/\d+$/, "0")}/${prefix}`) }],
    send: (bytes) => void sent.push(bytes),
  });
  const faces = [face("eth9", "192.0.2.1", 24), face("br0", "10.77.0.1", 16)];
  const offers: LeaseOfferRequest[] = [];
  const world = desk.world;
  const ask = (more: Partial<RackExplainRequest> = {}, on: readonly Face[] = faces) =>
    explainBoot(
      { mac, uuid: null, client: "pxe", architecture_code: 7, interface: null, relay: null, ...more },
      {
        foresee: (): Promise<BootForesight> =>
          Promise.resolve({
            decision: { ...decision, purpose },
            rules: [],
            machine: null,
            files: [],
            failure: null,
          }),
        foreseeLease: (request) => {
          offers.push(request);
          const answer = { address: "10.77.100.7", lease_seconds: 600, hostname: null };
          return Promise.resolve({ answer, how: "the first free one" });
        },
        dhcp: (foresee) => createDhcpExplainer(world, on, foresee),
        httpPort: () => 5248,
        loader: (name) => (loaders.includes(name) ? { role: name, name, sha256: hash("c"), size: 3 } : undefined),
        openFile: () => Promise.resolve(bytesSource(Buffer.from("x"))),
      },
    );
  return { ask, desk, sent, offers };
}

test("BIOS: firmware, then iPXE with the lease the firmware was given, then its script; and no trace of any of it", async () => {
  const { ask, desk, sent, offers } = makeRack();
  const told = rackExplanation.parse(await ask({ architecture_code: 0 }));
  assert.deepEqual(
    told.stages.map(({ program, client, dhcp }) => [program, client, dhcp?.address, dhcp?.source, dhcp?.interface]),
    [
      ["pxe", "pxe-bios", "10.77.100.7", "region", "br0"],
      ["ipxe", "ipxe", "10.77.100.7", "lease", "br0"],
    ],
  );
  assert.equal(told.stages[0]?.dhcp?.source_words, "the first free one");
  assert.deepEqual(
    told.stages[0]?.files.map(({ url }) => url),
    ["tftp://10.77.0.1/undionly.kpxe"],
  );
  const [script] = told.stages[1]?.files ?? [];
  assert.equal(script?.url, "http://10.77.0.1:5248/ipxe.cfg-52-54-00-12-34-56");
  assert.match(script?.text ?? "", /^#!ipxe\n/);
  const words = "initrd=boot-initrd ro cc:{'datasource_list': ['MAAS']}end_cc url=http://10.77.0.1:5248/x";
  assert.equal(told.command_line, `${words} BOOTIF=01-52-54-00-12-34-56`);
  assert.ok(script?.text?.includes(told.command_line ?? "-"));
  assert.equal(offers.length, 1, "the second program has the address already");
  assert.deepEqual([desk.events, desk.asked.offers, desk.asked.commits, sent], [[], [], [], []]);
  assert.equal(desk.mirror.leaseCount(), 0);
  assert.equal(desk.renewals.waiting(), 0);
});

test("UEFI: the shim, its GRUB, and GRUB's scripts; over HTTP iPXE instead", async () => {
  const { ask } = makeRack();
  const pxe = await ask();
  assert.deepEqual(
    pxe.stages.map(({ program, files }) => [program, ...files.map(({ url, kind }) => `${kind} ${url}`)]),
    [
      ["pxe", "loader tftp://10.77.0.1/bootx64.efi", "loader tftp://10.77.0.1/grubx64.efi"],
      ["grub", "script tftp://10.77.0.1/grub/grub.cfg", `script tftp://10.77.0.1/grub/grub.cfg-${mac}`],
    ],
  );
  assert.match(pxe.command_line ?? "", /^ro cc:\{datasource_list: \[MAAS\]\}end_cc /, "as GRUB hands it on");
  const http = await ask({ client: "uefi-http", architecture_code: 16 });
  assert.deepEqual(
    http.stages.map(({ program, files }) => [program, ...files.map(({ url }) => url)]),
    [
      ["uefi-http", "http://10.77.0.1:5248/images/snponly.efi"],
      ["ipxe", "http://10.77.0.1:5248/ipxe.cfg-52-54-00-12-34-56"],
    ],
  );
  const grub = await ask({ client: "grub" });
  assert.deepEqual(
    grub.stages.map(({ program, dhcp }) => [program, dhcp]),
    [["grub", null]],
  );
});

test("a loader that is not here, a client that is told nothing, and a disk", async () => {
  const missing = await makeRack({ loaders: [] }).ask();
  assert.match(missing.stages[0]?.dhcp?.problems.join() ?? "", /bootx64\.efi is in no image/);
  assert.equal(missing.stages[0]?.dhcp?.answer?.file, "");
  const half = await makeRack({ loaders: ["bootx64.efi"] }).ask();
  assert.deepEqual(
    half.stages[0]?.files.map(({ problem }) => problem),
    [null, "it is in no image"],
  );
  const none = await makeRack({ purpose: "none" }).ask();
  assert.deepEqual([none.stages.length, none.command_line], [1, null]);
  const local = await makeRack({ purpose: "local" }).ask();
  assert.equal(local.command_line, null);
  assert.match(local.stages[1]?.files[1]?.text ?? "", /chainloader/);
});

test("a device that is not served is refused by name, as is a rack that serves none", async () => {
  const { ask } = makeRack();
  const refused = (wanted: RegExp) => (error: unknown) =>
    error instanceof LinkFailure && error.failure.code === rackDeviceUnknown.code && wanted.test(error.message);
  await assert.rejects(ask({ interface: "wlan0" }), refused(/no device 'wlan0'; it serves eth9, br0/));
  await assert.rejects(ask({}, []), refused(/no network device/));
  const other = await ask({ interface: "eth9" });
  assert.match(other.stages[0]?.dhcp?.problems.join() ?? "", /no subnet with DHCP is on its link \(device eth9/);
  assert.equal(other.stages[0]?.dhcp?.offer, null);
});

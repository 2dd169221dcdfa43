import assert from "node:assert/strict";
import { test } from "node:test";
import { classifyClient, type ClientKind } from "./client-class.ts";
import { sample } from "./testing/sample.ts";
import { decodeMessage } from "./decode.ts";
import { encodeWholeMessage } from "./encode.ts";
import { noAddress, type DhcpMessage } from "./message.ts";
import { addressesValue, readTextOption, textValue, u16Value, u8Value } from "./option-values.ts";
import { clientLink } from "./relay-agent.ts";
import { buildReply, largestReply, replyDestination } from "./reply.ts";

function asking(options: [number, Uint8Array][], more: Partial<DhcpMessage> = {}): DhcpMessage {
  return sample({ ...more, options: new Map([[53, u8Value(1)], ...options]) });
}

const pxe = textValue("PXEClient:Arch:00000:UNDI:002001");
const http = textValue("HTTPClient:Arch:00016:UNDI:003000");

test("each architecture is given its kind, 7 and 9 alike", () => {
  const table: [number, ClientKind][] = [
    [0, "pxe-bios"],
    [6, "netboot-other"],
    [7, "pxe-uefi-x64"],
    [9, "pxe-uefi-x64"],
    [11, "pxe-uefi-arm64"],
    [12, "netboot-other"],
    [27, "netboot-other"],
    [0xffff, "netboot-other"],
  ];
  for (const [code, kind] of table)
    assert.equal(
      classifyClient(
        asking([
          [60, pxe],
          [93, u16Value(code)],
        ]),
      ).kind,
      kind,
      `architecture ${code}`,
    );
  assert.equal(
    classifyClient(
      asking([
        [60, http],
        [93, u16Value(16)],
      ]),
    ).kind,
    "http-uefi-x64",
  );
  assert.equal(
    classifyClient(
      asking([
        [60, http],
        [93, u16Value(19)],
      ]),
    ).kind,
    "http-uefi-arm64",
  );
  assert.equal(classifyClient(asking([[93, u16Value(7)]])).kind, "other");
  assert.equal(classifyClient(asking([[60, textValue("PXEClient")]])).kind, "pxe-bios");
  assert.equal(classifyClient(asking([[60, textValue("PXEClient:Arch:00007:UNDI:003000")]])).kind, "pxe-uefi-x64");
});

test("of several architectures the first with a loader counts", () => {
  const client = classifyClient(
    asking([
      [60, pxe],
      [93, Uint8Array.of(0, 6, 0, 7)],
    ]),
  );
  assert.deepEqual([client.kind, client.architectures, client.architectureCode], ["pxe-uefi-x64", [6, 7], 7]);
});

test("iPXE is known by user class or by features; one without HTTP is not", () => {
  const features = (...codes: number[]): [number, Uint8Array] => [
    175,
    Uint8Array.from(codes.flatMap((c) => [c, 1, 1])),
  ];
  const bios: [number, Uint8Array][] = [
    [60, pxe],
    [93, u16Value(0)],
  ];
  assert.equal(classifyClient(asking([...bios, [77, textValue("iPXE")]])).kind, "ipxe");
  assert.equal(classifyClient(asking([...bios, [77, Buffer.from("\x04iPXE")]])).kind, "ipxe");
  assert.equal(classifyClient(asking([...bios, features(19, 24)])).kind, "ipxe");
  assert.equal(classifyClient(asking([...bios, features(19, 36)])).kind, "ipxe");
  assert.equal(classifyClient(asking([...bios, features(19)])).kind, "pxe-bios");
  assert.equal(classifyClient(asking([...bios, [77, textValue("iPXE")], features(21, 24)])).kind, "pxe-bios");
});

test("a Raspberry Pi says architecture 0 and is known by its address", () => {
  const client = classifyClient(
    asking(
      [
        [60, pxe],
        [93, u16Value(0)],
      ],
      { mac: "dc:a6:32:01:02:03" },
    ),
  );
  assert.deepEqual([client.kind, client.architectureCode], ["raspberry-pi", 41]);
});

test("the machine's UUID is read in both byte orders; an empty one is none", () => {
  const guid = Buffer.from("0044454c4c420035108056b4c04f4a4d31", "hex");
  const client = classifyClient(asking([[97, guid]]));
  assert.equal(client.guid, "4c4c4544-0042-1035-8056-b4c04f4a4d31");
  assert.equal(client.guidBigEndian, "44454c4c-4200-3510-8056-b4c04f4a4d31");
  assert.equal(classifyClient(asking([[97, new Uint8Array(0)]])).guid, undefined);
});

test("the link is named by 82.5, then 118, then giaddr", () => {
  const relayed = { relayAddress: "10.3.0.1" };
  const agent: [number, Uint8Array] = [82, Uint8Array.of(1, 1, 9, 5, 4, 10, 1, 0, 0)];
  const selection: [number, Uint8Array] = [118, addressesValue("10.2.0.0")];
  assert.deepEqual(clientLink(asking([agent, selection], relayed)), { source: "link-selection", address: "10.1.0.0" });
  assert.deepEqual(clientLink(asking([selection], relayed)), { source: "subnet-selection", address: "10.2.0.0" });
  assert.deepEqual(clientLink(asking([], relayed)), { source: "relay", address: "10.3.0.1" });
  assert.deepEqual(clientLink(asking([])), { source: "interface", address: undefined });
});

test("answers go where RFC 2131 4.1 says", () => {
  const decision = { type: "offer", serverIdentifier: "10.0.0.1", yourAddress: "10.0.0.9", leaseSeconds: 600 } as const;
  const way = (request: DhcpMessage, change: object = {}): unknown =>
    replyDestination(request, buildReply(request, { ...decision, ...change }));
  const relayed = asking([], { relayAddress: "10.5.0.1" });
  assert.deepEqual(way(relayed), { way: "relay", address: "10.5.0.1", port: 67 });
  assert.deepEqual(way(asking([])), { way: "hardware", address: "10.0.0.9", port: 68 });
  assert.deepEqual(way(asking([], { flags: 0x8000 })), { way: "broadcast", address: "255.255.255.255", port: 68 });
  assert.deepEqual(way(asking([], { clientAddress: "10.0.0.9" }), { type: "ack" }), {
    way: "client",
    address: "10.0.0.9",
    port: 68,
  });
  const nak = { type: "nak", yourAddress: noAddress };
  assert.deepEqual(way(asking([], { clientAddress: "10.0.0.9" }), nak), {
    way: "broadcast",
    address: "255.255.255.255",
    port: 68,
  });
  assert.equal(buildReply(relayed, { type: "nak", serverIdentifier: "10.0.0.1" }).flags, 0x8000);
});

test("an answer echoes 97 and, last of all, 82 as it came", () => {
  const agent = Uint8Array.of(1, 2, 0, 4, 151, 0);
  const guid = Buffer.concat([Uint8Array.of(0), Buffer.alloc(16, 7)]);
  const request = asking(
    [
      [82, agent],
      [97, guid],
      [55, Uint8Array.of(1)],
    ],
    { relayAddress: "10.5.0.1" },
  );
  const reply = buildReply(request, {
    type: "offer",
    serverIdentifier: "10.0.0.1",
    yourAddress: "10.5.0.9",
    leaseSeconds: 30,
    network: new Map([
      [1, addressesValue("255.255.255.0")],
      [42, addressesValue("10.0.0.1")],
    ]),
    boot: { nextServer: "10.0.0.1", bootFile: "http://10.0.0.1:5248/images/bootx64.efi", vendorClass: "HTTPClient" },
  });
  const back = decodeMessage(encodeWholeMessage(reply));
  assert.deepEqual([...back.options.keys()], [53, 54, 51, 58, 59, 1, 60, 97, 82]);
  assert.deepEqual(Buffer.from(back.options.get(82) ?? []), Buffer.from(agent));
  assert.equal(readTextOption(back.options, 60), "HTTPClient");
  assert.equal(back.bootFile, "http://10.0.0.1:5248/images/bootx64.efi");
  assert.equal(back.serverAddress, "10.0.0.1");
});

test("boot options: 67 with a NUL when asked for or too long, 210 unasked, 43 for BIOS", () => {
  const request = asking([[55, Uint8Array.of(66, 67)]]);
  const base = { type: "ack", serverIdentifier: "10.0.0.1", yourAddress: "10.0.0.9" } as const;
  const boot = {
    nextServer: "10.0.0.1",
    bootFile: "lpxelinux.0",
    pathPrefix: "http://10.0.0.1:5248/",
    vendorSpecific: "direct",
  } as const;
  const reply = buildReply(request, { ...base, boot });
  assert.equal(Buffer.from(reply.options.get(67) ?? []).toString(), "lpxelinux.0\0");
  assert.equal(Buffer.from(reply.options.get(66) ?? []).toString(), "10.0.0.1\0");
  assert.equal(Buffer.from(reply.options.get(210) ?? []).toString(), "http://10.0.0.1:5248/");
  assert.equal(Buffer.from(reply.options.get(43) ?? []).toString("hex"), "060108ff");
  const long = buildReply(asking([]), {
    ...base,
    boot: { nextServer: "10.0.0.1", bootFile: `http://${"x".repeat(150)}` },
  });
  assert.equal(long.bootFile, "");
  assert.equal(long.options.get(67)?.length, 158);
});

test("the largest answer is 548 bytes unless the client takes more, never above 1472", () => {
  assert.equal(largestReply(asking([])), 548);
  assert.equal(largestReply(asking([[57, u16Value(100)]])), 548);
  assert.equal(largestReply(asking([[57, u16Value(1260)]])), 1232);
  assert.equal(largestReply(asking([[57, u16Value(65535)]])), 1472);
});

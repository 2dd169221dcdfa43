import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { architectureOf } from "./index.ts";
import { usableUuid } from "./dmi.ts";
import { bootMac } from "./interfaces.ts";
import { parseMemoryModules } from "./memory.ts";
import { parsePci } from "./pci.ts";

const dmidecode = `Memory Device
	Total Width: 72 bits
	Size: 16 GB
	Locator: DIMM_A1
	Type: DDR4
	Speed: 3200 MT/s
	Manufacturer: Samsung
	Part Number: M393A2K43DB3-CWE

Memory Device
	Size: No Module Installed
	Locator: DIMM_A2

Memory Device
	Size: 512 MB
	Locator: Not Specified
	Type: Unknown
	Speed: Unknown
`;

test("memory modules are read, empty slots left out, filler words count as nothing", () => {
  assert.deepEqual(parseMemoryModules(dmidecode), [
    {
      locator: "DIMM_A1",
      size: 16 * 1024 ** 3,
      type: "DDR4",
      speed_mts: 3200,
      manufacturer: "Samsung",
      part: "M393A2K43DB3-CWE",
      serial: null,
    },
    { locator: null, size: 512 * 1024 ** 2, type: null, speed_mts: null, manufacturer: null, part: null, serial: null },
  ]);
});

const lspci = `Slot:	0000:00:02.0
Class:	Ethernet controller [0200]
Vendor:	Red Hat, Inc. [1af4]
Device:	Virtio network device [1000]
SVendor:	Red Hat, Inc. [1af4]
Driver:	virtio-pci

Slot:	0000:00:1f.0
Class:	ISA bridge [0601]
Vendor:	Intel Corporation [8086]
Device:	82801IB (ICH9) LPC Interface Controller [2918]
`;

test("PCI devices are read with names and ids", () => {
  assert.deepEqual(parsePci(lspci), [
    {
      address: "0000:00:02.0",
      vendor_id: "1af4",
      product_id: "1000",
      vendor: "Red Hat, Inc.",
      product: "Virtio network device",
      class: "Ethernet controller",
      driver: "virtio-pci",
      serial: null,
      numa_node: null,
    },
    {
      address: "0000:00:1f.0",
      vendor_id: "8086",
      product_id: "2918",
      vendor: "Intel Corporation",
      product: "82801IB (ICH9) LPC Interface Controller",
      class: "ISA bridge",
      driver: null,
      serial: null,
      numa_node: null,
    },
  ]);
});

test("the boot card is named by BOOTIF, in every loader's spelling", () => {
  assert.equal(bootMac("ro BOOTIF=01-52-54-00-AA-bb-01 quiet"), "52:54:00:aa:bb:01");
  assert.equal(bootMac("BOOTIF=52:54:00:aa:bb:02"), "52:54:00:aa:bb:02");
  assert.equal(bootMac("XBOOTIF=01-52-54-00-aa-bb-01 BOOTIF=01-52"), null);
});

test("only a UUID that tells machines apart counts", () => {
  assert.equal(usableUuid("4C4C4544-0042-3510-8052-B7C04F4E4D32"), "4c4c4544-0042-3510-8052-b7c04f4e4d32");
  assert.equal(usableUuid("ffffffff-ffff-ffff-ffff-ffffffffffff"), null);
  assert.equal(usableUuid("03000200-0400-0500-0006-000700080009"), null);
  assert.equal(usableUuid("not a uuid"), null);
});

test("an unknown architecture is refused by name", () => {
  assert.equal(architectureOf("x86_64\n"), "amd64");
  assert.throws(() => architectureOf("mips\n"), /architecture is mips/);
});

test("parsers of program output take anything", () => {
  const noise = fc.string({
    maxLength: 400,
    unit: fc.constantFrom("\n", "\t", ":", " ", "Size", "Slot", "[", "]", "1af4", "x"),
  });
  fc.assert(
    fc.property(noise, (text) => {
      parseMemoryModules(text);
      parsePci(text);
      bootMac(text);
      usableUuid(text);
    }),
  );
});

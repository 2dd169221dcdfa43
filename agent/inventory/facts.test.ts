import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { chassisType } from "./dmi.ts";
import { parseHealth } from "./health.ts";
import { fastestMode } from "./interfaces.ts";
import { parseNeighbours } from "./lldp.ts";
import { parseCpuList } from "./numa.ts";
import { gpusOf, parsePci } from "./pci.ts";

test("health of SATA and NVMe disks is read; a disk without SMART data has none", () => {
  const sata = {
    smartctl: { exit_status: 0 },
    smart_status: { passed: false },
    temperature: { current: 31 },
    power_on_time: { hours: 4711 },
    ata_smart_attributes: {
      table: [
        { id: 5, name: "Reallocated_Sector_Ct", raw: { value: 8, string: "8" } },
        { id: 197, name: "Current_Pending_Sector", raw: { value: 2, string: "2" } },
      ],
    },
  };
  assert.deepEqual(parseHealth(JSON.stringify(sata)), {
    healthy: false,
    temperature: 31,
    power_on_hours: 4711,
    percentage_used: null,
    reallocated_sectors: 8,
    pending_sectors: 2,
    media_errors: null,
  });
  const nvme = {
    smart_status: { passed: true, nvme: { value: 0 } },
    nvme_smart_health_information_log: { percentage_used: 3, media_errors: 0, temperature: 50 },
    temperature: { current: 50 },
    power_on_time: { hours: 9 },
  };
  assert.deepEqual(parseHealth(JSON.stringify(nvme)), {
    healthy: true,
    temperature: 50,
    power_on_hours: 9,
    percentage_used: 3,
    reallocated_sectors: null,
    pending_sectors: null,
    media_errors: 0,
  });
  // smartctl 7.3 on a virtio disk.
  assert.equal(
    parseHealth('{"smartctl":{"exit_status":1,"messages":[{"string":"/dev/vda: Unable to detect device type"}]}}'),
    null,
  );
});

// lldpctl -f json0 of lldpd 1.0.16 that hears another lldpd; the VLAN is as it tells it for a switch.
const heard = JSON.stringify({
  lldp: [
    {
      interface: [
        {
          name: "eth0",
          via: "LLDP",
          rid: "1",
          age: "0 day, 00:00:07",
          chassis: [
            {
              id: [
                {
                  type: "mac",
                  value: "be:dd:ab:16:00:2a",
                },
              ],
              name: [{ value: "vm" }],
              descr: [{ value: "Switch 9" }],
              "mgmt-ip": [{ value: "192.0.2.7" }, { value: "fe80::bcdd:abff:fe16:2a" }],
              capability: [
                {
                  type: "Bridge",
                  enabled: false,
                },
              ],
            },
          ],
          port: [
            {
              id: [
                {
                  type: "ifname",
                  value: "swp7",
                },
              ],
              descr: [{ value: "rack 3" }],
              ttl: [{ value: "120" }],
            },
          ],
          vlan: [
            {
              "vlan-id": "7",
              pvid: false,
            },
            {
              "vlan-id": "20",
              pvid: true,
              value: "servers",
            },
          ],
        },
      ],
    },
  ],
});

test("switches are read with their port and the VLAN of untagged frames", () => {
  assert.deepEqual(parseNeighbours(heard).get("eth0"), [
    {
      protocol: "LLDP",
      chassis_id: "be:dd:ab:16:00:2a",
      name: "vm",
      description: "Switch 9",
      address: "192.0.2.7",
      port_id: "swp7",
      port_description: "rack 3",
      vlan: 20,
    },
  ]);
  assert.equal(parseNeighbours('{"lldp":[{}]}').size, 0);
});

test("the fastest of the supported modes counts, not of those advertised or of the partner", () => {
  const text = `Settings for eno1:
	Supported ports: [ FIBRE ]
	Supported link modes:   1000baseKX/Full
	                        10000baseCR/Full
	                        25000baseCR/Full
	Supported pause frame use: Symmetric
	Advertised link modes:  100000baseCR4/Full
	Speed: 10000Mb/s
`;
  assert.equal(fastestMode(text), 25_000);
  assert.equal(fastestMode("Settings for enp0s2:\n\tSupported link modes:   Not reported\n\tSpeed: Unknown!\n"), null);
});

test("processor lists, chassis types and graphics cards are read", () => {
  assert.deepEqual(parseCpuList("0-2,8,10-11\n"), [0, 1, 2, 8, 10, 11]);
  assert.deepEqual(parseCpuList(""), []);
  assert.deepEqual(
    [chassisType("23"), chassisType("1"), chassisType("x"), chassisType(null)],
    ["Rack Mount Chassis", null, null, null],
  );
  const cards = parsePci(
    "Slot:\t0000:3b:00.0\nClass:\t3D controller [0302]\nVendor:\tNVIDIA Corporation [10de]\nDevice:\tGA100 [20b0]\n\n" +
      "Slot:\t0000:00:1f.0\nClass:\tISA bridge [0601]\nVendor:\tIntel Corporation [8086]\nDevice:\tLPC [2918]\n",
  );
  assert.deepEqual(gpusOf(cards), [
    {
      address: "0000:3b:00.0",
      vendor_id: "10de",
      product_id: "20b0",
      vendor: "NVIDIA Corporation",
      product: "GA100",
      driver: null,
      numa_node: null,
    },
  ]);
});

test("parsers of program output take anything, and parts of what is right", () => {
  const broken = fc.tuple(fc.nat(heard.length), fc.nat(heard.length), fc.string({ maxLength: 5 }));
  fc.assert(
    fc.property(fc.string(), fc.json(), broken, (text, json, [from, to, put]) => {
      const cut = heard.slice(0, from) + put + heard.slice(to);
      for (const input of [text, json, cut]) {
        parseHealth(input);
        parseNeighbours(input);
        fastestMode(input);
        parseCpuList(input);
        chassisType(input);
      }
    }),
  );
});

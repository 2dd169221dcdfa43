import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Disk, installPlan as planSchema } from "@rackwright/contract";
import fc from "fast-check";
import { FailureError } from "../errors.ts";
import { checkDeployable, chooseDisk, neededSize } from "./disks.ts";
import { flatLayout, stableUuid } from "./layout.ts";
import { type PlanInput, installPlan } from "./plan.ts";
import { testCard, testDisk, testImage, testInventory } from "./testing.ts";

const gibibyte = 1024 ** 3;
const input = (changes: Partial<PlanInput["machine"]> = {}): PlanInput => ({
  machine: {
    id: "abc123",
    hostname: "swift-crab",
    generation: 4,
    firmware: null,
    boot_mac: "52:54:00:00:00:02",
    inventory: testInventory(),
    ...changes,
  },
  image: testImage,
  rack: "http://10.0.0.1:5248",
  credentials: { consumer_key: "ck", token_key: "tk", token_secret: "ts" },
});

describe("install plan", () => {
  it("of a BIOS machine", () => {
    const plan = installPlan(input());
    assert.deepEqual(planSchema.parse(plan), plan);
    assert.deepEqual(plan, {
      firmware: "bios",
      hostname: "swift-crab",
      source: {
        type: "squashfs",
        image: "debian-12",
        path: "/images/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/squashfs",
        sha256: "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
        size: 181_000_000,
      },
      storage: {
        version: 1,
        config: [
          {
            id: "vda",
            type: "disk",
            path: "/dev/disk/by-id/virtio-vda",
            ptable: "gpt",
            wipe: "superblock",
            grub_device: true,
          },
          { id: "vda-part1", type: "partition", device: "vda", number: 1, size: 1_048_576, flag: "bios_grub" },
          { id: "vda-part2", type: "partition", device: "vda", number: 2, size: "rest", flag: "linux" },
          {
            id: "vda-part2_format",
            type: "format",
            volume: "vda-part2",
            fstype: "ext4",
            label: "root",
            uuid: "80ad8120-f1c0-82a7-9d54-5e829a6c6d00",
          },
          {
            id: "vda-part2_mount",
            type: "mount",
            device: "vda-part2_format",
            path: "/",
            options: "errors=remount-ro",
          },
        ],
      },
      network: {
        version: 2,
        ethernets: {
          enp0s3: { match: { macaddress: "52:54:00:00:00:02" }, dhcp4: true, "dhcp-identifier": "mac" },
        },
      },
      write_files: [
        {
          path: "/etc/cloud/cloud.cfg.d/90_rackwright_datasource.cfg",
          content: `{
  "datasource_list": [
    "MAAS"
  ],
  "manage_etc_hosts": true,
  "datasource": {
    "MAAS": {
      "metadata_url": "http://10.0.0.1:5248/MAAS/metadata/",
      "consumer_key": "ck",
      "token_key": "tk",
      "token_secret": "ts"
    }
  },
  "reporting": {
    "rackwright": {
      "type": "webhook",
      "endpoint": "http://10.0.0.1:5248/MAAS/metadata/status/abc123",
      "consumer_key": "ck",
      "token_key": "tk",
      "token_secret": "ts"
    }
  }
}
`,
          permissions: "0600",
        },
        {
          path: "/etc/cloud/cloud.cfg.d/91_rackwright_datasource_list.cfg",
          content: "datasource_list: [ MAAS ]\n",
          permissions: "0644",
        },
      ],
      kernel_options: "console=tty0 console=ttyS0,115200 panic=60",
    });
  });

  it("of a UEFI machine has an EFI system partition", () => {
    const plan = installPlan(input({ firmware: "uefi" }));
    assert.deepEqual(planSchema.parse(plan), plan);
    assert.equal(plan.firmware, "uefi");
    assert.deepEqual(plan.storage.config, [
      { id: "vda", type: "disk", path: "/dev/disk/by-id/virtio-vda", ptable: "gpt", wipe: "superblock" },
      {
        id: "vda-part1",
        type: "partition",
        device: "vda",
        number: 1,
        size: 536_870_912,
        flag: "boot",
        grub_device: true,
      },
      { id: "vda-part2", type: "partition", device: "vda", number: 2, size: "rest", flag: "linux" },
      { id: "vda-part1_format", type: "format", volume: "vda-part1", fstype: "fat32", label: "efi", uuid: "9D4D-605D" },
      {
        id: "vda-part2_format",
        type: "format",
        volume: "vda-part2",
        fstype: "ext4",
        label: "root",
        uuid: "80ad8120-f1c0-82a7-9d54-5e829a6c6d00",
      },
      { id: "vda-part2_mount", type: "mount", device: "vda-part2_format", path: "/", options: "errors=remount-ro" },
      { id: "vda-part1_mount", type: "mount", device: "vda-part1_format", path: "/boot/efi", options: "umask=0077" },
    ]);
  });

  it("is the same for the same deployment, and has other identifiers for another", () => {
    assert.deepEqual(installPlan(input()), installPlan(input()));
    const uuids = (generation: number): string[] =>
      installPlan(input({ generation, firmware: "uefi" })).storage.config.flatMap((action) =>
        action.type === "format" ? [action.uuid] : [],
      );
    assert.equal(new Set([...uuids(4), ...uuids(5)]).size, 4);
  });

  it("takes the firmware of the last boot over that of the inventory", () => {
    assert.equal(installPlan(input({ firmware: "uefi" })).firmware, "uefi");
    const inventory = testInventory({ firmware: "uefi" });
    assert.equal(installPlan(input({ inventory })).firmware, "uefi");
    assert.equal(installPlan(input({ inventory, firmware: "bios" })).firmware, "bios");
  });

  it("configures the card the machine booted with, else one that is connected", () => {
    const cards = [
      testCard("eno1", "52:54:00:00:00:0a", { link: false }),
      testCard("eno2", "52:54:00:00:00:0b"),
      testCard("eno3", "52:54:00:00:00:0c", { boot: true }),
    ];
    const configured = (interfaces: typeof cards, boot_mac: string | null): string[] =>
      Object.keys(
        installPlan(input({ inventory: testInventory({ interfaces }), boot_mac })).network["ethernets"] as object,
      );
    assert.deepEqual(configured(cards, "52:54:00:00:00:0b"), ["eno2"]);
    assert.deepEqual(configured(cards, "52:54:00:00:00:ff"), ["eno3"]);
    assert.deepEqual(configured(cards.slice(0, 2), null), ["eno2"]);
    assert.deepEqual(configured(cards.slice(0, 1), null), ["eno1"]);
  });

  it("fails with the reason that checkDeployable gives", () => {
    assert.throws(
      () => installPlan(input({ inventory: null })),
      (error) => error instanceof FailureError && error.failure.code === "inventory-missing",
    );
  });
});

describe("check before a deployment", () => {
  const code = (changes: Parameters<typeof testInventory>[0], image = testImage): string | null =>
    checkDeployable(testInventory(changes), image)?.code ?? null;

  it("passes a machine that fits", () => assert.equal(code({}), null));

  it("names what does not", () => {
    assert.equal(checkDeployable(null, testImage)?.code, "inventory-missing");
    assert.equal(code({ architecture: "arm64" }), "architecture-mismatch");
    assert.equal(code({ interfaces: [] }), "network-missing");
    assert.equal(code({}, { ...testImage, files: [] }), "image-unusable");
    assert.equal(code({ disks: [] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { removable: true })] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { read_only: true })] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { transport: "usb" })] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { size: gibibyte })] }), "disk-too-small");
  });

  it("says of every disk why it was not taken", () => {
    const disks = [
      testDisk("sda", { removable: true }),
      testDisk("sdb", { size: gibibyte }),
      testDisk("sdc", { read_only: true }),
      testDisk("sdd", { transport: "usb" }),
    ];
    assert.deepEqual(checkDeployable(testInventory({ disks }), testImage), {
      code: "disk-too-small",
      message: "No disk of the machine has the 2.5 GiB that debian-12 needs.",
      evidence: ["sda: is removable", "sdb: has only 1.0 GiB", "sdc: is read-only", "sdd: is attached by usb"],
      next: "Choose a machine with a larger disk, or commission this one again after changing its disks.",
    });
  });

  it("takes the first disk that fits", () => {
    const disks = [
      testDisk("sda", { removable: true }),
      testDisk("sdb", { size: gibibyte }),
      testDisk("sdc"),
      testDisk("sdd"),
    ];
    const chosen = chooseDisk(disks, testImage);
    assert.equal("disk" in chosen && chosen.disk.name, "sdc");
  });

  it("wants room for the unpacked image and its boot partitions", () => {
    const needed = neededSize(testImage);
    const fits = (size: number): boolean => "disk" in chooseDisk([testDisk("sda", { size })], testImage);
    assert.equal(fits(needed), true);
    assert.equal(fits(needed - 1), false);
    const large = { ...testImage, files: testImage.files.map((file) => ({ ...file, size: 2 * gibibyte })) };
    assert.equal(neededSize(large), 8 * gibibyte + 514 * 1024 ** 2);
  });

  it("never takes an unfit disk, and never overlooks a fit one", () => {
    const anyDisk = fc.record({
      removable: fc.boolean(),
      read_only: fc.boolean(),
      transport: fc.constantFrom("sata", "nvme", "usb", null),
      size: fc.constantFrom(0, gibibyte, 100 * gibibyte),
    });
    fc.assert(
      fc.property(fc.array(anyDisk, { maxLength: 6 }), (changes) => {
        const disks = changes.map((change, at) => testDisk(`sd${at}`, change));
        const fit = (disk: Disk): boolean =>
          !disk.removable && !disk.read_only && disk.transport !== "usb" && disk.size >= neededSize(testImage);
        const chosen = chooseDisk(disks, testImage);
        assert.equal("disk" in chosen ? chosen.disk : undefined, disks.find(fit));
      }),
    );
  });
});

describe("identifiers", () => {
  it("are version 8 UUIDs, the same for the same words", () => {
    assert.equal(stableUuid("a", "b"), stableUuid("a", "b"));
    assert.notEqual(stableUuid("a", "b"), stableUuid("ab", ""));
    fc.assert(
      fc.property(fc.string(), (word) => {
        assert.match(stableUuid(word), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
    const [, , , fat] = flatLayout(testDisk("sda"), "uefi", "seed");
    assert.match(fat?.type === "format" ? fat.uuid : "", /^[0-9A-F]{4}-[0-9A-F]{4}$/);
  });
});

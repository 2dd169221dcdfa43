import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Disk, type Firmware, type Inventory, installPlan as planSchema } from "@rackwright/contract";
import fc from "fast-check";
import { FailureError, InputError } from "../errors.ts";
import { setBootDisk, updateDevice } from "./devices.ts";
import { checkDeployable, neededSize } from "./disks.ts";
import { format, mount, mountSpecial } from "./filesystems.ts";
import { createVolumeGroup } from "./groups.ts";
import { storageActions } from "./layout.ts";
import { type Storage, bootDisk, emptyStorage } from "./model.ts";
import { addPartition } from "./partitions.ts";
import { type PlanInput, installPlan } from "./plan.ts";
import { settle } from "./settle.ts";
import { testCard, testDisk, testImage, testInventory, testMaker, testStorage } from "./testing.ts";

const gibibyte = 1024 ** 3;
const input = ({ firmware, ...changes }: Partial<PlanInput["machine"]> & { firmware?: Firmware } = {}): PlanInput => ({
  machine: {
    id: "abc123",
    hostname: "swift-crab",
    boot_mac: "52:54:00:00:00:02",
    inventory: testInventory(),
    ...changes,
  },
  storage: testStorage(changes.inventory ?? testInventory(), firmware && { firmware }),
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
          {
            id: "vda-part2",
            type: "partition",
            device: "vda",
            number: 2,
            size: 16 * gibibyte - 8 * 1024 ** 2,
            flag: "linux",
            uuid: "00000000-0000-4000-8000-000000000001",
          },
          {
            id: "vda-part2_format",
            type: "format",
            volume: "vda-part2",
            fstype: "ext4",
            label: "root",
            uuid: "00000000-0000-4000-8000-000000000002",
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
        uuid: "00000000-0000-4000-8000-000000000001",
        grub_device: true,
      },
      {
        id: "vda-part2",
        type: "partition",
        device: "vda",
        number: 2,
        size: 16 * gibibyte - 512 * 1024 ** 2 - 8 * 1024 ** 2,
        flag: "linux",
        uuid: "00000000-0000-4000-8000-000000000003",
      },
      {
        id: "vda-part1_format",
        type: "format",
        volume: "vda-part1",
        fstype: "fat32",
        label: "efi",
        uuid: "00000000-0000-4000-8000-000000000002",
      },
      {
        id: "vda-part2_format",
        type: "format",
        volume: "vda-part2",
        fstype: "ext4",
        label: "root",
        uuid: "00000000-0000-4000-8000-000000000004",
      },
      { id: "vda-part2_mount", type: "mount", device: "vda-part2_format", path: "/", options: "errors=remount-ro" },
      { id: "vda-part1_mount", type: "mount", device: "vda-part1_format", path: "/boot/efi", options: "umask=0077" },
    ]);
  });

  it("is the same for the same machine", () => {
    assert.deepEqual(installPlan(input()), installPlan(input()));
  });

  it("has everything that is configured, and no disk that is not used", () => {
    const inventory = testInventory({ disks: ["vda", "vdb", "vdc", "vdd"].map((name) => testDisk(name)) });
    const make = testMaker();
    const storage = testStorage(inventory, { wish: { root_size: { bytes: 6 * gibibyte } }, make });
    const [vda, vdb, vdc] = storage.devices;
    assert.ok(vda && vdb && vdc);
    const swap = { device: vda, partition: addPartition(storage, make, vda, { size: gibibyte }) };
    format(storage, make, swap, { fstype: "swap" });
    mount(storage, swap, { mount_point: "" });
    const data = { device: vdb, partition: addPartition(storage, make, vdb, {}) };
    format(storage, make, data, { fstype: "xfs", label: "data" });
    mount(storage, data, { mount_point: "/srv", mount_options: "noatime" });
    format(storage, make, { device: vdc, partition: null }, { fstype: "ext4" });
    mountSpecial(storage, make, { fstype: "tmpfs", mount_point: "/srv/fast", mount_options: "size=1G" });
    const plan = installPlan({ ...input({ inventory }), storage });
    assert.deepEqual(planSchema.parse(plan), plan);
    const { config } = plan.storage;
    assert.deepEqual(
      config.flatMap((one) => (one.type === "disk" ? [[one.id, one.ptable, one.grub_device]] : [])),
      [
        ["vda", "gpt", true],
        ["vdb", "gpt", undefined],
        ["vdc", undefined, undefined],
      ],
    );
    assert.deepEqual(
      config.flatMap((one) => (one.type === "partition" ? [[one.id, one.number, one.flag]] : [])),
      [
        ["vda-part1", 1, "bios_grub"],
        ["vda-part2", 2, "linux"],
        ["vda-part3", 3, "swap"],
        ["vdb-part2", 2, "linux"],
      ],
    );
    assert.deepEqual(
      config.flatMap((one) => (one.type === "format" ? [[one.volume, one.fstype, one.label]] : [])),
      [
        ["vda-part2", "ext4", "root"],
        ["vda-part3", "swap", undefined],
        ["vdb-part2", "xfs", "data"],
        ["vdc", "ext4", undefined],
      ],
    );
    assert.deepEqual(
      config.flatMap((one) => (one.type === "mount" ? [[one.path, one.device ?? one.spec, one.options]] : [])),
      [
        ["/", "vda-part2_format", "errors=remount-ro"],
        ["/srv", "vdb-part2_format", "noatime"],
        ["/srv/fast", "tmpfs", "size=1G"],
        ["none", "vda-part3_format", undefined],
      ],
    );
  });

  it("has the boot loader's disk, also where nothing else is on it", () => {
    const inventory = testInventory({ disks: [testDisk("vda"), testDisk("vdb"), testDisk("vdc")] });
    const storage = testStorage(inventory);
    const [, vdb] = storage.devices;
    assert.ok(vdb);
    updateDevice(storage, vdb, { partition_table: "GPT" });
    setBootDisk(storage, vdb);
    const disksOf = (firmware: Firmware) =>
      storageActions(storage, inventory, firmware).flatMap((one) =>
        one.type === "disk" ? [[one.id, one.grub_device]] : [],
      );
    assert.deepEqual(disksOf("bios"), [
      ["vda", undefined],
      ["vdb", true],
    ]);
    assert.deepEqual(disksOf("uefi"), [["vda", undefined]]);
    const { config } = installPlan({ ...input({ inventory }), storage }).storage;
    assert.deepEqual(
      config.flatMap((one) => (one.type === "partition" && one.device === "vdb" ? [[one.number, one.flag]] : [])),
      [[1, "bios_grub"]],
    );
    const gone = { ...inventory, disks: inventory.disks.filter(({ name }) => name !== "vdb") };
    const failure = checkDeployable(gone, storage, testImage);
    assert.equal(failure?.code, "disk-missing");
    assert.match(failure.message, /uses vdb,/);
  });

  it("takes the firmware of the last boot over that of the inventory", () => {
    assert.equal(installPlan(input({ firmware: "uefi" })).firmware, "uefi");
    const inventory = testInventory({ firmware: "uefi" });
    const storage = { ...testStorage(inventory), firmware: null };
    assert.equal(installPlan({ ...input({ inventory }), storage }).firmware, "uefi");
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
  const laidOut = (inventory: Inventory): Storage => {
    try {
      return testStorage(inventory);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return testStorage(inventory, { layout: "blank" });
    }
  };
  const code = (changes: Parameters<typeof testInventory>[0], image = testImage): string | null => {
    const inventory = testInventory(changes);
    return checkDeployable(inventory, laidOut(inventory), image)?.code ?? null;
  };

  it("passes a machine that fits", () => assert.equal(code({}), null));

  it("names what does not", () => {
    assert.equal(checkDeployable(null, emptyStorage("abc123"), testImage)?.code, "inventory-missing");
    const other = { ...testImage, architecture: "arm64" as const };
    assert.equal(checkDeployable(testInventory(), laidOut(testInventory()), other)?.code, "architecture-mismatch");
    assert.equal(code({ interfaces: [] }), "network-missing");
    assert.equal(code({}, { ...testImage, files: [] }), "image-unusable");
    assert.equal(code({ disks: [] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { read_only: true })] }), "disk-missing");
    assert.equal(code({ disks: [testDisk("sda", { size: 2 * gibibyte })] }), "disk-too-small");
    assert.equal(code({ disks: [testDisk("sda", { size: gibibyte })] }), "disk-too-small");
  });

  it("says of every disk why it was not taken", () => {
    const disks = [
      testDisk("sda", { removable: true }),
      testDisk("sdb", { size: gibibyte }),
      testDisk("sdc", { read_only: true }),
      testDisk("sdd", { transport: "usb" }),
    ];
    const inventory = testInventory({ disks });
    assert.deepEqual(checkDeployable(inventory, testStorage(inventory, { layout: "blank" }), testImage), {
      code: "disk-too-small",
      message: "No disk of the machine has the 2.5 GiB that debian-12 needs.",
      evidence: ["sda: is removable", "sdb: has only 1.0 GiB", "sdc: is read-only", "sdd: is attached by usb"],
      next: "Choose a machine with a larger disk, or commission this one again after changing its disks.",
    });
  });

  it("refuses what the installer cannot make, by name", () => {
    const inventory = testInventory({ disks: [testDisk("sda"), testDisk("sdb"), testDisk("sdc")] });
    const refused = (change: (storage: Storage) => void): string[] => {
      const storage = testStorage(inventory);
      change(storage);
      const failure = checkDeployable(inventory, storage, testImage);
      return failure === null ? [] : [failure.code, ...failure.evidence];
    };
    const make = testMaker();
    const place = (storage: Storage, name: string) => {
      const device = storage.devices.find((one) => one.name === name);
      assert.ok(device);
      return { device, partition: null };
    };
    assert.deepEqual(
      refused(() => undefined),
      [],
    );
    assert.deepEqual(
      refused((storage) => void createVolumeGroup(storage, make, { name: "vg0", members: [place(storage, "sdb")] })),
      ["storage-unsupported", "vg0 is a volume group"],
    );
    assert.deepEqual(
      refused((storage) => void format(storage, make, place(storage, "sdc"), { fstype: "btrfs" })),
      ["storage-unsupported", "sdc has a filesystem of type btrfs"],
    );
    assert.deepEqual(
      refused((storage) => mountSpecial(storage, make, { fstype: "tmpfs", mount_point: "/dev/shm" })),
      ["storage-unsupported", "tmpfs is mounted at /dev/shm, which is the kernel's"],
    );
    assert.deepEqual(
      refused((storage) => (storage.firmware = "uefi")),
      ["storage-unsupported", "a UEFI machine needs an EFI system partition, mounted at /boot/efi"],
    );
    assert.deepEqual(
      refused((storage) => (storage.bootDiskId = place(storage, "sdb").device.id)),
      ["storage-unsupported", "sdb, the boot disk of a machine with a BIOS, has no GPT"],
    );
    assert.deepEqual(
      refused((storage) => {
        const { device } = place(storage, "sdb");
        addPartition(storage, make, device, {});
        Object.assign(device, { size: gibibyte, found: false });
        assert.doesNotThrow(() => settle(storage));
        assert.throws(() => settle({ ...storage, devices: [{ ...device, found: true }] }), /do not fit on it/);
      }).map((reason) => reason.replace(/\d+ bytes/, "N bytes")),
      ["storage-unsupported", `The partitions of sdb do not fit on it: they have N bytes of ${gibibyte}`],
    );
    assert.deepEqual(
      checkDeployable(inventory, testStorage(inventory, { layout: "blank" }), testImage)?.code,
      "root-missing",
    );
    const gone = testInventory({ disks: [testDisk("sdb"), testDisk("sdc")] });
    assert.equal(checkDeployable(gone, testStorage(inventory), testImage)?.code, "disk-missing");
    const vmfs = testStorage(inventory, { layout: "vmfs6" });
    assert.deepEqual(checkDeployable(inventory, vmfs, testImage)?.evidence[0], "datastore1 is a VMFS datastore");
  });

  it("lets what was made for one firmware be when the machine has the other", () => {
    const storage = testStorage(testInventory({ disks: [testDisk("sda", { size: 20e9 })] }), { firmware: "uefi" });
    storage.firmware = "bios";
    assert.doesNotThrow(() => settle(storage));
    const [sda] = storage.devices;
    assert.ok(sda);
    assert.throws(() => addPartition(storage, testMaker(), sda, {}), InputError);
  });

  it("boots from the first disk that fits", () => {
    const disks = [
      testDisk("sda", { removable: true }),
      testDisk("sdb", { size: gibibyte }),
      testDisk("sdc"),
      testDisk("sdd"),
    ];
    assert.equal(bootDisk(testStorage(testInventory({ disks })))?.name, "sdc");
  });

  it("wants room for the unpacked image and its boot partitions", () => {
    const needed = neededSize(testImage);
    const fits = (size: number): boolean => code({ disks: [testDisk("sda", { size })], firmware: "uefi" }) === null;
    assert.equal(fits(needed), true);
    assert.equal(fits(needed - 16 * 1024 ** 2), false);
    const large = { ...testImage, files: testImage.files.map((file) => ({ ...file, size: 2 * gibibyte })) };
    assert.equal(neededSize(large), 8 * gibibyte + 528 * 1024 ** 2);
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
        const storage = testStorage(testInventory({ disks }), { layout: "blank" });
        const chosen = storage.devices.find(({ id }) => id === storage.bootDiskId);
        const first = disks.find(fit);
        if (first !== undefined) assert.equal(chosen?.name, first.name);
        else assert.ok(chosen === undefined || chosen.size === gibibyte);
      }),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { InputError } from "../errors.ts";
import { applyCustom, customLayout } from "./custom-layout.ts";
import { usedFor } from "./describe.ts";
import { applyLayout } from "./layouts.ts";
import { type Storage, bootDisk, partitionName, partitionsOf } from "./model.ts";
import { settle } from "./settle.ts";
import { mebibyte } from "./sizes.ts";
import { testDisk, testInventory, testMaker, testStorage } from "./testing.ts";

const gibibyte = 1024 ** 3;
/** Each device and partition with its size in MiB and what it is used for. */
function lines(storage: Storage): string[] {
  return storage.devices.flatMap((device) => [
    `${device.name} ${Math.floor(device.size / mebibyte)} ${usedFor(storage, { device, partition: null })}`,
    ...partitionsOf(storage, device).map(
      (partition) =>
        `${partitionName(device, partition)} ${Math.floor(partition.size / mebibyte)} ${usedFor(storage, { device, partition })}`,
    ),
  ]);
}

const disks = (...sizes: number[]) =>
  testInventory({
    disks: sizes.map((size, at) => testDisk(`sd${"abcd"[at]}`, { size: size * gibibyte, rotational: at < 2 })),
  });
type Wish = NonNullable<Parameters<typeof testStorage>[1]>;
const laidOut = (wish: Wish, ...sizes: number[]) => lines(testStorage(disks(...sizes), wish));
const refusal = (wish: Wish, ...sizes: number[]): string => {
  try {
    laidOut(wish, ...sizes);
  } catch (error) {
    if (error instanceof InputError) return error.failures?.map(({ field }) => field).join(",") ?? error.message;
    throw error;
  }
  return "";
};

describe("storage layouts", () => {
  it("flat", () => {
    assert.deepEqual(laidOut({ layout: "flat", firmware: "bios" }, 16), [
      "sda 16384 GPT partitioned with 1 partition",
      "sda-part2 16376 ext4 formatted filesystem mounted at /",
    ]);
    const wish = { boot_size: { bytes: gibibyte }, root_size: { percent: 50 } };
    assert.deepEqual(laidOut({ layout: "flat", firmware: "uefi", wish }, 16), [
      "sda 16384 GPT partitioned with 3 partitions",
      "sda-part1 512 fat32 formatted filesystem mounted at /boot/efi",
      "sda-part2 1024 ext4 formatted filesystem mounted at /boot",
      "sda-part3 7932 ext4 formatted filesystem mounted at /",
    ]);
  });

  it("flat with the root on another device than the boot partitions", () => {
    const storage = testStorage(disks(16, 32), { layout: "blank", firmware: "uefi" });
    applyLayout(storage, testMaker(), "flat", { root_device: storage.devices[1]?.id });
    assert.deepEqual(lines(storage), [
      "sda 16384 GPT partitioned with 1 partition",
      "sda-part1 512 fat32 formatted filesystem mounted at /boot/efi",
      "sdb 32768 GPT partitioned with 1 partition",
      "sdb-part1 32760 ext4 formatted filesystem mounted at /",
    ]);
  });

  it("lvm", () => {
    const wish = { vg_name: "vg0", lv_name: "root", lv_size: { bytes: 4 * gibibyte } };
    assert.deepEqual(laidOut({ layout: "lvm", firmware: "bios", wish }, 16), [
      "sda 16384 GPT partitioned with 1 partition",
      "sda-part2 16376 LVM volume for vg0",
      "vg0-root 4096 ext4 formatted filesystem mounted at /",
    ]);
  });

  it("bcache", () => {
    assert.deepEqual(
      laidOut({ layout: "bcache", firmware: "bios", wish: { cache_size: { bytes: gibibyte } } }, 16, 16, 9, 8),
      [
        "sda 16384 GPT partitioned with 2 partitions",
        "sda-part2 1024 ext4 formatted filesystem mounted at /boot",
        "sda-part3 15352 Backing device for bcache0",
        "sdb 16384 Unused",
        "sdc 9216 Unused",
        "sdd 8192 GPT partitioned with 1 partition",
        "sdd-part2 1024 Cache device for cache0",
        "bcache0 15351 ext4 formatted filesystem mounted at /",
      ],
    );
    const whole = laidOut({ layout: "bcache", firmware: "bios", wish: { cache_no_part: true } }, 16, 16, 9);
    assert.equal(whole[4], "sdc 9216 Cache device for cache0");
    assert.match(refusal({ layout: "bcache" }, 16, 16), /no disk with the tag ssd/);
    const both = { cache_no_part: true, cache_size: { bytes: gibibyte } };
    assert.equal(refusal({ layout: "bcache", wish: both }, 16, 16, 9), "cache_size");
  });

  it("vmfs6 and vmfs7", () => {
    assert.deepEqual(laidOut({ layout: "vmfs6", firmware: "uefi" }, 16), [
      "sda 16384 GPT partitioned with 8 partitions",
      "sda-part1 3 Unused",
      "sda-part2 4096 Unused",
      "sda-part3 8828 VMFS extent for datastore1",
      "sda-part5 249 Unused",
      "sda-part6 249 Unused",
      "sda-part7 109 Unused",
      "sda-part8 285 Unused",
      "sda-part9 2560 Unused",
    ]);
    assert.deepEqual(
      laidOut({ layout: "vmfs7", firmware: "uefi", wish: { root_size: { bytes: 10 * gibibyte } } }, 64),
      [
        "sda 65536 GPT partitioned with 5 partitions",
        "sda-part1 100 Unused",
        "sda-part5 4095 Unused",
        "sda-part6 4095 Unused",
        "sda-part7 24473 Unused",
        "sda-part8 10240 VMFS extent for datastore1",
      ],
    );
    assert.match(refusal({ layout: "vmfs6" }, 9), /too small/);
    assert.match(refusal({ layout: "vmfs7" }, 31), /too small/);
  });

  it("refuse sizes by their names", () => {
    const of = (wish: Wish["wish"], layout: "flat" | "lvm" = "flat") => refusal({ layout, wish: wish ?? {} }, 16);
    assert.equal(of({ boot_size: { bytes: 100 * mebibyte } }), "boot_size");
    assert.equal(of({ boot_size: { bytes: 17 * gibibyte } }), "boot_size");
    assert.equal(of({ root_size: { bytes: 2 * gibibyte } }), "root_size");
    assert.equal(of({ root_size: { bytes: 17 * gibibyte } }), "root_size");
    assert.equal(of({ root_device: 99 }), "root_device");
    assert.equal(of({ lv_size: { bytes: gibibyte } }, "lvm"), "lv_size");
    assert.equal(of({ vg_name: "-x" }, "lvm"), "name");
    assert.match(refusal({ layout: "flat" }, 1), /too small/);
    assert.match(refusal({ layout: "flat" }), /no physical block device/);
  });
});

describe("custom layouts", () => {
  const apply = (document: unknown, ...sizes: number[]): Storage => {
    const storage = testStorage(disks(...sizes), { layout: "blank", firmware: "bios" });
    applyCustom(storage, testMaker(), customLayout.parse(document));
    settle(storage);
    return storage;
  };

  it("have whatever they say, in any order", () => {
    const storage = apply(
      {
        layout: {
          store: { type: "lvm", members: ["md0"], volumes: [{ name: "data", size: "5G", fs: "xfs" }] },
          md0: { type: "raid", level: 1, members: ["sdb1", "sdc"], spares: ["sdd"] },
          sda: {
            type: "disk",
            ptable: "gpt",
            boot: true,
            partitions: [
              { name: "sda1", size: "10G", fs: "ext4" },
              { name: "sda2", size: "1G", fs: "swap" },
            ],
          },
          sdb: { type: "disk", partitions: [{ name: "sdb1", size: "9G" }] },
          fast: { type: "special", fs: "tmpfs" },
        },
        mounts: {
          "/": { device: "sda1", options: "noatime" },
          "/srv": { device: "data" },
          "/fast": { device: "fast" },
          none: { device: "sda2" },
        },
      },
      16,
      16,
      16,
      16,
    );
    assert.deepEqual(lines(storage), [
      "sda 16384 GPT partitioned with 2 partitions",
      "sda-part2 9536 ext4 formatted filesystem mounted at /",
      "sda-part3 952 swap formatted filesystem mounted at none",
      "sdb 16384 GPT partitioned with 1 partition",
      "sdb-part2 8580 Active raid-1 device for md0",
      "sdc 16384 Active raid-1 device for md0",
      "sdd 16384 Spare raid-1 device for md0",
      "md0 8579 LVM volume for store",
      "store-data 4768 xfs formatted filesystem mounted at /srv",
    ]);
    assert.equal(bootDisk(storage)?.name, "sda");
  });

  it("share one cache set where they name one device", () => {
    const bcache = (backing: string) => ({
      type: "bcache",
      "backing-device": backing,
      "cache-device": "sdd",
      fs: "ext4",
    });
    const storage = apply({ layout: { b0: bcache("sdb"), b1: bcache("sdc") } }, 16, 16, 16, 8);
    assert.equal(storage.cacheSets.length, 1);
    assert.equal(storage.groups.length, 2);
  });

  it("are refused by the entry that cannot be", () => {
    const field = (layout: object, mounts: object = {}): string => {
      try {
        apply({ layout, mounts }, 16, 16);
      } catch (error) {
        if (error instanceof InputError) return error.failures?.[0]?.field ?? error.message;
        throw error;
      }
      return "";
    };
    assert.equal(field({ sdx: { type: "disk", fs: "ext4" } }), "custom.layout.sdx");
    assert.equal(field({ vg: { type: "lvm", members: ["gone"] } }), "custom.layout.vg");
    const circle = { a: { type: "raid", level: 1, members: ["b"] }, b: { type: "raid", level: 1, members: ["a"] } };
    assert.equal(field(circle), "custom.layout.a");
    assert.equal(field({ sda: { type: "disk", fs: "ext4" } }, { "/": { device: "sdb1" } }), "custom.layout./");
    assert.equal(field({ sda: { type: "disk", fs: "floppy" } }), "fstype");
    assert.equal(field({ sda: { type: "lvm", members: ["sdb"] } }), "custom.layout.sda");
  });

  it("of any kind are applied or refused, never worse", () => {
    const name = fc.constantFrom("sda", "sdb", "sda1", "vg", "md0", "x", "__proto__", "constructor");
    const fs = fc.option(fc.constantFrom("ext4", "swap", "tmpfs", "nonsense"), { nil: undefined });
    const size = fc.constantFrom("1G", "500M", 4e9, "9T");
    const partition = fc.record({ name, size, fs });
    const names = fc.array(name, { minLength: 1, maxLength: 3 });
    const entry = fc.oneof(
      fc.record({ type: fc.constant("disk"), partitions: fc.array(partition, { maxLength: 3 }), fs }),
      fc.record({ type: fc.constant("raid"), level: fc.constantFrom(0, 1, 5, 6, 10), members: names, fs }),
      fc.record({ type: fc.constant("lvm"), members: names, volumes: fc.array(partition, { maxLength: 2 }) }),
      fc.record({ type: fc.constant("bcache"), "backing-device": name, "cache-device": name, fs }),
      fc.record({ type: fc.constant("special"), fs: fc.constant("tmpfs") }),
    );
    const mounts = fc.dictionary(fc.constantFrom("/", "/srv", "none", "../x"), fc.record({ device: name }));
    fc.assert(
      fc.property(fc.dictionary(name, entry), mounts, (layout, mounted) => {
        const parsed = customLayout.safeParse({ layout, mounts: mounted });
        if (!parsed.success) return;
        const storage = testStorage(disks(16, 16), { layout: "blank", firmware: "bios" });
        try {
          applyCustom(storage, testMaker(), parsed.data);
          settle(storage);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

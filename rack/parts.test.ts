import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImageFile, RackConfig } from "@rackwright/contract";
import type { NetworkInterface } from "@rackwright/netdev";
import { Content } from "./content.ts";
import { Devices } from "./devices.ts";
import { parseFlags, parseSecret } from "./flags.ts";
import { bytesSource, type ContentStore } from "./images/index.ts";
import { emptyConfig, until } from "./link/testing.ts";

const given = ["--state", "/s", "--name", "rack1", "--region", "http://r", "--secret-file", "/f"];

test("flags are read, with their defaults", () => {
  assert.deepEqual(parseFlags(given), {
    state: "/s",
    name: "rack1",
    regions: ["http://r"],
    secretFile: "/f",
    interfaces: [],
    httpPort: 5248,
    tftpPort: 69,
  });
  const more = parseFlags([
    ...given,
    "--region",
    "unix:/x",
    "--interface",
    "a",
    "--interface",
    "b",
    "--http-port",
    "80",
  ]);
  assert.deepEqual([more.regions, more.interfaces, more.httpPort], [["http://r", "unix:/x"], ["a", "b"], 80]);
});

test("wrong flags are refused by name, value and what is allowed", () => {
  assert.throws(() => parseFlags([]), /--name is missing|--state is missing|--region is missing/);
  assert.throws(() => parseFlags(given.slice(2)), /--state is missing/);
  assert.throws(
    () => parseFlags([...given, "--http-port", "70000"]),
    /--http-port 70000: allowed are whole numbers from 1 to 65535/,
  );
  assert.throws(() => parseFlags([...given, "--name", "No Name"]), /--name No Name: must be 1 to 63 of/);
  assert.throws(() => parseFlags([...given, "--region", "ftp://x"]), /region 'ftp:\/\/x'; allowed are/);
  assert.throws(() => parseFlags([...given, "--nonsense"]), /nonsense/);
  assert.equal(parseSecret(`${"ab".repeat(16)}\n`, "f").length, 16);
  for (const bad of ["", "ab", "zz".repeat(16), "a".repeat(33)])
    assert.throws(() => parseSecret(bad, "the-file"), /the-file must hold/);
});

const file = (name: string, digit: string): ImageFile => ({ role: name, name, sha256: digit.repeat(64), size: 3 });
const config: RackConfig = { ...emptyConfig, loaders: [file("BOOTX64.efi", "a")], images: [file("squashfs", "b")] };

test("files of the configuration are fetched ahead and again after a failure; others are not known", async () => {
  const here = new Set<string>();
  let broken = true;
  const ensured: string[] = [];
  const store: Pick<ContentStore, "ensure" | "open"> = {
    ensure: (hash) => {
      ensured.push(hash[0] ?? "");
      if (broken && hash.startsWith("b")) return Promise.reject(new Error("no region"));
      here.add(hash);
      return Promise.resolve();
    },
    open: (hash) => Promise.resolve(here.has(hash) ? bytesSource(Buffer.from("abc")) : undefined),
  };
  const fetch = (): Promise<never> => Promise.reject(new Error("not called"));
  const content = new Content({ store: store as ContentStore, fetch, retry: 5 });
  content.update(config);
  await until(() => here.size === 1 && ensured.length >= 2);
  assert.deepEqual(ensured.slice(0, 2), ["a", "b"], "boot loaders first");
  await assert.rejects(content.ensure("b".repeat(64)), /no region/);
  assert.equal(await content.ensure("c".repeat(64)), false);
  broken = false;
  await until(() => here.size === 2, "the second try");
  assert.equal(content.loader("bootx64.efi")?.sha256, "a".repeat(64));
  assert.equal((await content.open(file("x", "a")))?.size, 3);
  assert.equal(await content.open(file("x", "d")), undefined);
  content.stop();
});

test("network devices are followed; a change that could not be followed is told again", async () => {
  const list = [
    {
      ifname: "lo",
      ifindex: 1,
      flags: ["LOOPBACK", "UP", "LOWER_UP"],
      addr_info: [{ family: "inet", local: "127.0.0.1", prefixlen: 8 }],
    },
    {
      ifname: "eth0",
      ifindex: 2,
      flags: ["UP", "LOWER_UP"],
      link_type: "ether",
      address: "52:54:00:00:00:01",
      addr_info: [{ family: "inet", local: "10.0.0.1", prefixlen: 24 }],
    },
    { ifname: "eth1", ifindex: 3, flags: ["UP"], link_type: "ether", address: "52:54:00:00:00:02", addr_info: [] },
  ];
  const told: string[][] = [];
  const failures: unknown[] = [];
  const make = (only: string[]): Devices =>
    new Devices({
      run: () => Promise.resolve(JSON.stringify(list)),
      only,
      every: 2,
      failed: (error) => failures.push(error),
      changed: (served: readonly NetworkInterface[]) => {
        told.push(served.map(({ name }) => name));
        return told.length === 2 ? Promise.reject(new Error("port in use")) : Promise.resolve();
      },
    });
  const devices = make([]);
  await devices.start();
  assert.deepEqual(devices.described, [{ name: "eth0", mac: "52:54:00:00:00:01", addresses: ["10.0.0.1/24"] }]);
  assert.deepEqual(devices.addresses, ["10.0.0.1"]);
  list[2]?.addr_info.push({ family: "inet", local: "10.0.1.1", prefixlen: 24 });
  await until(() => told.length >= 3, "the third telling");
  await devices.stop();
  assert.deepEqual(told.slice(0, 3), [["eth0"], ["eth0", "eth1"], ["eth0", "eth1"]]);
  assert.equal(failures.length, 1);
  const lone = make(["eth1"]);
  await lone.start();
  assert.deepEqual(lone.addresses, ["10.0.1.1"]);
  await lone.stop();
});

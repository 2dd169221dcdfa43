import assert from "node:assert/strict";
import test from "node:test";
import { bmcUser, configureBmc, fieldOf, userSlot } from "./bmc.ts";
import type { RunResult, World } from "./world.ts";

const list = (...rows: string[]): string =>
  ["ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit", ...rows].join("\n");

test("our account's slot is its own, else the first free one, never the first", () => {
  assert.equal(
    userSlot(
      list(
        "1                    true    false      true       ADMINISTRATOR",
        "2   root             true    true       true       ADMINISTRATOR",
        "3                    true    false      false      NO ACCESS",
      ),
      bmcUser,
    ),
    3,
  );
  assert.equal(
    userSlot(list("1                    true", "2   root             true", "3   rackwright       true"), bmcUser),
    3,
  );
  assert.equal(userSlot(list("1   a    true", "2   b    true"), bmcUser), null);
});

test("fields of ipmitool's output are found by name", () => {
  const printed =
    "IP Address Source       : Static Address\nIP Address              : 10.77.1.11\nMAC Address             : 52:54:00:00:00:01\n";
  assert.equal(fieldOf(printed, "IP Address"), "10.77.1.11");
  assert.equal(fieldOf(printed, "Gateway"), null);
});

function bmcWorld(users: string, passwordStatus: number): { world: World; calls: string[] } {
  const calls: string[] = [];
  const ended = (status: number, output = ""): RunResult => ({
    status,
    output,
    error: "",
    seconds: 0,
    timedOut: false,
  });
  const world: World = {
    root: "",
    run: async (argv) => {
      const line = argv.join(" ");
      calls.push(line);
      if (line.startsWith("ipmitool lan print"))
        return ended(0, "IP Address              : 10.0.0.9\nMAC Address             : 52:54:00:00:00:09\n");
      if (line.startsWith("ipmitool user list")) return ended(0, users);
      if (line.startsWith("ipmitool user set password")) return ended(passwordStatus);
      return ended(0);
    },
    read: async () => null,
    list: async (path) => (path === "/dev" ? ["ipmi0", "null"] : []),
    link: async () => null,
    write: async () => undefined,
    size: async () => 0,
    countFiles: async () => 0,
    fetch: async () => Response.error(),
    sleep: async () => undefined,
    now: () => new Date(0),
  };
  return { world, calls };
}

test("the account is made with its password in a free slot and becomes the power parameters", async () => {
  const { world, calls } = bmcWorld(
    list("1                    true", "2   admin            true", "3                    true"),
    0,
  );
  const result = await configureBmc(world, "Secret1234567890");
  assert.deepEqual(result.bmc?.parameters, {
    power_address: "10.0.0.9",
    power_user: "rackwright",
    power_pass: "Secret1234567890",
    privilege_level: "ADMIN",
    cipher_suite_id: "3",
    power_boot_type: "legacy",
  });
  assert.ok(calls.includes("ipmitool user set name 3 rackwright"));
  assert.ok(calls.includes("ipmitool user enable 3"));
});

test("a BMC that refuses the password is not used, and says why without the password", async () => {
  const { world } = bmcWorld(list("2   admin            true", "3                    true"), 1);
  const result = await configureBmc(world, "Secret1234567890");
  assert.equal(result.bmc, null);
  assert.equal(result.why, "the BMC refused a password for user slot 3");
});

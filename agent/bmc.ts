import type { FoundBmc } from "@rackwright/contract";
import { readText } from "./world.ts";
import type { RunResult, World } from "./world.ts";

/** Account that Rackwright makes for itself on a BMC. */
export const bmcUser = "rackwright";
const modules = ["ipmi_devintf", "ipmi_si", "ipmi_ssif"];

const ipmitool = (world: World, ...argv: string[]): Promise<RunResult> =>
  world.run(["ipmitool", ...argv], { timeoutSeconds: 30 });

/** One line `Name : value` of ipmitool's output. */
export function fieldOf(output: string, name: string): string | null {
  return output.match(new RegExp(`^${name}\\s*: (.*)$`, "m"))?.[1]?.trim() ?? null;
}

/** Slot for our account in `ipmitool user list`: the one that has its name, else the first free one above 1. */
export function userSlot(output: string, name: string): number | null {
  // ipmitool prints the id in 4 columns and the name in 17.
  const rows = output.split("\n").flatMap((line) => {
    const id = line.match(/^(\d+) /)?.[1];
    return id === undefined ? [] : [{ id: Number(id), name: line.slice(4, 21).trim() }];
  });
  const own = rows.find((row) => row.name === name);
  return own?.id ?? rows.find((row) => row.id >= 2 && (row.name === "" || row.name.startsWith("(Empty")))?.id ?? null;
}

async function lanChannel(world: World): Promise<{ channel: number; address: string } | null> {
  for (const channel of [1, 2, 3, 8]) {
    const printed = await ipmitool(world, "lan", "print", String(channel));
    const address = fieldOf(printed.output, "IP Address");
    if (printed.status === 0 && address !== null && address !== "0.0.0.0") return { channel, address };
  }
  return null;
}

/** Whether the kernel found an IPMI interface; loads its drivers when it has not tried yet. */
async function present(world: World): Promise<boolean> {
  for (const module of modules) await world.run(["modprobe", "-q", module], { timeoutSeconds: 30 });
  return (await world.list(`${world.root}/dev`)).includes("ipmi0");
}

/** Finds the BMC's network address from inside the machine; null where there is no BMC to be seen. */
export async function detectBmc(
  world: World,
): Promise<{ channel: number; address: string; mac: string | null } | null> {
  if (!(await present(world))) return null;
  const found = await lanChannel(world);
  if (!found) return null;
  const mac = fieldOf((await ipmitool(world, "lan", "print", String(found.channel))).output, "MAC Address");
  return { ...found, mac };
}

/**
 * Makes (or refreshes) Rackwright's own account on the BMC with a random password and returns the power parameters.
 * Null where there is no BMC or it refuses accounts; `why` then says so.
 */
export async function configureBmc(
  world: World,
  newPassword: string,
): Promise<{ bmc: FoundBmc; why: null } | { bmc: null; why: string }> {
  const found = await detectBmc(world);
  if (!found) return { bmc: null, why: "no BMC with a network address was found over the in-band IPMI interface" };
  const channel = String(found.channel);
  const users = await ipmitool(world, "user", "list", channel);
  const slot = userSlot(users.output, bmcUser);
  if (slot === null) return { bmc: null, why: "the BMC has no free user slot" };
  const id = String(slot);
  const steps = [
    ["user", "set", "name", id, bmcUser],
    ["user", "set", "password", id, newPassword, "20"],
    ["user", "enable", id],
    ["user", "priv", id, "4", channel],
    ["channel", "setaccess", channel, id, "link=on", "ipmi=on", "callin=on", "privilege=4"],
  ];
  for (const step of steps) {
    const result = await ipmitool(world, ...step);
    // Some BMCs refuse to set a name that is already set; the password tells whether the account works.
    if (result.status !== 0 && step[1] === "set" && step[2] === "password")
      return { bmc: null, why: `the BMC refused a password for user slot ${id}` };
  }
  const firmware = (await readText(world, "/sys/firmware/efi/fw_platform_size")) !== null ? "efi" : "legacy";
  return {
    bmc: {
      driver: "ipmi",
      parameters: {
        power_address: found.address,
        power_user: bmcUser,
        power_pass: newPassword,
        privilege_level: "ADMIN",
        cipher_suite_id: "3",
        power_boot_type: firmware,
      },
    },
    why: null,
  };
}

import { isIpmiError } from "@rackwright/ipmi";
import type { IpmiClient, IpmiSession, SessionOptions } from "@rackwright/ipmi";
import type { PowerBootDevice, PowerDriver, PowerTarget } from "./driver.ts";
import { fromIpmi, PowerError } from "./errors.ts";
import { parseIpmiParameters } from "./parameters.ts";
import type { IpmiParameters } from "./parameters.ts";

/** Completion code of a command that needs more privilege than the session has. */
const INSUFFICIENT_PRIVILEGE = 0xd4;
const DEFAULT_WAITS = [4000, 8000, 16_000, 32_000];
const PRIVILEGES = { USER: "user", OPERATOR: "operator", ADMIN: "administrator" } as const;

/** What the IPMI driver needs of the world. */
export interface IpmiDriverParts {
  readonly client: IpmiClient;
  /** The canonical IP address of a host name or address; throws PowerError `bmc-unreachable`. */
  readonly resolve: (host: string) => Promise<string>;
  /** See {@link PowerDriver.waits}; default 4, 8, 16, 32 s. */
  readonly waits?: readonly number[];
  /** Milliseconds a session that only looks may take, default 10,000. */
  readonly queryDeadline?: number;
  /** Milliseconds a session that acts may take, default 20,000. */
  readonly actionDeadline?: number;
}

/** Power by IPMI 2.0 over LAN. */
export function createIpmiDriver(parts: IpmiDriverParts): PowerDriver {
  const { resolve, waits = DEFAULT_WAITS } = parts;
  return {
    queryable: true,
    waits,
    async target(parameters, left = () => Infinity) {
      const settings = parseIpmiParameters(parameters);
      return createTarget(parts, settings, await resolve(settings.power_address), left);
    },
  };
}

function sessionOptions(settings: IpmiParameters, address: string): SessionOptions {
  return {
    address,
    port: settings.power_port,
    username: settings.power_user,
    password: settings.power_pass,
    kg: settings.k_g,
    cipherSuite: settings.cipher_suite_id === "17" ? 17 : 3,
    privilege: PRIVILEGES[settings.privilege_level],
  };
}

/** Milliseconds a session has at least, however little time is left. */
const SHORTEST_SESSION = 1000;

function createTarget(
  parts: IpmiDriverParts,
  settings: IpmiParameters,
  address: string,
  left: () => number,
): PowerTarget {
  const { client, queryDeadline = 10_000, actionDeadline = 20_000 } = parts;
  const options = sessionOptions(settings, address);
  const warnings: string[] = [];
  const warn = (line: string): void => {
    if (!warnings.includes(line)) warnings.push(line);
  };

  /** What else to try after this error, and what to say if it helps. */
  const otherWay = (error: unknown): { readonly change: Partial<SessionOptions>; readonly say: string } | undefined => {
    if (isIpmiError(error, "wrong-kg") && options.kg !== undefined) {
      return {
        change: { kg: undefined },
        say: "The BMC does not hold the K_g set here; the session was opened without one.",
      };
    }
    const needsMore = isIpmiError(error, "privilege-refused") && error.completion === INSUFFICIENT_PRIVILEGE;
    if (needsMore && options.privilege !== "administrator") {
      const say = `The BMC wants more than the privilege level ${settings.privilege_level} for this; ADMIN was used.`;
      return { change: { privilege: "administrator" }, say };
    }
    return undefined;
  };

  const within = async <T>(most: number, use: (session: IpmiSession) => Promise<T>): Promise<T> => {
    const deadline = Math.min(most, Math.max(SHORTEST_SESSION, left()));
    try {
      return await client.withSession({ ...options, deadline }, use);
    } catch (error) {
      const other = otherWay(error);
      if (other === undefined) throw fromIpmi(error);
      const answer = await client.withSession({ ...options, ...other.change, deadline }, use).catch(() => {
        throw fromIpmi(error);
      });
      warn(other.say);
      return answer;
    }
  };

  /** Chooses what boots next. Only a BMC that cannot do it is forgiven: many machines boot from the network anyway. */
  const choose = async (session: IpmiSession, device: PowerBootDevice | undefined): Promise<void> => {
    if (device === undefined) return;
    try {
      const efi =
        settings.power_boot_type === "auto" ? (await session.getBootDevice()).efi : settings.power_boot_type === "efi";
      await session.setBootDevice({ device, efi, persistent: false });
    } catch (error) {
      if (!isIpmiError(error, "completion")) throw error;
      warn(`The boot device was not set: ${error.message}`);
    }
  };

  return {
    key: `${address} port ${settings.power_port}`,
    warnings,
    on: (device) =>
      within(actionDeadline, async (session) => {
        await choose(session, device);
        const { powered } = await session.chassisStatus();
        await session.chassisControl(powered ? "cycle" : "on");
      }),
    off: (mode = settings.power_off_mode) =>
      within(actionDeadline, async (session) => {
        // A soft-off of a machine that is off is refused by many BMCs.
        const { powered } = await session.chassisStatus();
        if (powered || mode === "hard") await session.chassisControl(mode === "soft" ? "soft" : "off");
      }),
    reset: (device) =>
      within(actionDeadline, async (session) => {
        const { powered } = await session.chassisStatus();
        if (!powered) {
          const next = "Switch it on instead.";
          throw new PowerError("bmc-refused", "the machine is off, so there is nothing to reset", {
            next,
            fatal: true,
          });
        }
        await choose(session, device);
        await session.chassisControl("reset");
      }),
    query: () => within(queryDeadline, async (session) => ((await session.chassisStatus()).powered ? "on" : "off")),
  };
}

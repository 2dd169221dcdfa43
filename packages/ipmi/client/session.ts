import { concat, u32le } from "../codec/bytes.ts";
import { BOOT_PARAMETER, decodeBootFlagsReply, encodeBootFlags, KEEP_WITHOUT_CONTROL } from "../codec/boot-flags.ts";
import type { BootDevice, BootFlags } from "../codec/boot-flags.ts";
import { CHASSIS_ACTION, decodeChassisStatus } from "../codec/chassis.ts";
import type { ChassisAction, ChassisStatus } from "../codec/chassis.ts";
import { COMMAND } from "../codec/commands.ts";
import type { CommandName } from "../codec/commands.ts";
import { decodeDeviceId } from "../codec/device-id.ts";
import type { DeviceId } from "../codec/device-id.ts";
import { PRIVILEGE } from "../codec/status.ts";
import { createCaller } from "./caller.ts";
import type { CallerParts } from "./caller.ts";
import { isIpmiError, IpmiError } from "./errors.ts";

/** Milliseconds after which the missing reply to a cycle or reset is taken as "done": some BMCs never send it. */
const RESET_PATIENCE = 3000;
const CLOSE_PATIENCE = 1000;

/** What can be asked of a BMC while a session is open. Every method throws {@link IpmiError}. */
export interface IpmiSession {
  chassisStatus(): Promise<ChassisStatus>;
  /** Power action; `answered` is false when a BMC kept silent after `cycle` or `reset`, which some do. */
  chassisControl(action: ChassisAction): Promise<{ readonly answered: boolean }>;
  /** Chooses the next boot device (IPMI 2.0 §28.12); asks first that the choice outlives the usual 60 s. */
  setBootDevice(choice: { device: BootDevice; efi: boolean; persistent: boolean }): Promise<void>;
  getBootDevice(): Promise<BootFlags>;
  deviceId(): Promise<DeviceId>;
  /** Any command: network function (even), command number, data; gives the reply's data behind the completion code. */
  raw(netFn: number, command: number, data?: Uint8Array): Promise<Uint8Array>;
}

/** A session and the two steps around its use, which only the client takes. */
export interface OpenSession extends IpmiSession {
  raisePrivilege(): Promise<void>;
  close(): Promise<void>;
}

export function createSession(parts: CallerParts): OpenSession {
  const call = createCaller(parts);
  const { options, opened, timers, wire } = parts;
  const run = <T>(name: CommandName, data: readonly number[], decode: (answer: Uint8Array) => T): Promise<T> => {
    const [netFn, command] = COMMAND[name];
    return call({ what: name, netFn, command, data: Uint8Array.from(data), decode });
  };
  const nothing = (): void => {};

  return {
    chassisStatus: () => run("chassisStatus", [], decodeChassisStatus),
    async chassisControl(action) {
      const [netFn, command] = COMMAND.chassisControl;
      const mayBeSilent = action === "cycle" || action === "reset";
      try {
        await call({
          what: `chassisControl ${action}`,
          netFn,
          command,
          data: Uint8Array.of(CHASSIS_ACTION[action]),
          decode: () => true,
          ...(mayBeSilent ? { until: timers.now() + RESET_PATIENCE } : {}),
        });
        return { answered: true };
      } catch (error) {
        if (mayBeSilent && isIpmiError(error, "no-answer")) return { answered: false };
        throw error;
      }
    },
    async setBootDevice(choice) {
      try {
        await run("setBootOptions", [BOOT_PARAMETER.validClearing, KEEP_WITHOUT_CONTROL], nothing);
      } catch (error) {
        if (!isIpmiError(error, "completion")) throw error;
      }
      await run("setBootOptions", [BOOT_PARAMETER.flags, ...encodeBootFlags(choice)], nothing);
    },
    getBootDevice: () => run("getBootOptions", [BOOT_PARAMETER.flags, 0, 0], decodeBootFlagsReply),
    deviceId: () => run("deviceId", [], decodeDeviceId),
    raw: (netFn, command, data = new Uint8Array()) =>
      call({
        what: `command ${netFn.toString(16)}/${command.toString(16)}`,
        netFn,
        command,
        data,
        decode: (answer) => answer.slice(),
      }),

    async raisePrivilege() {
      const level = PRIVILEGE[options.privilege];
      // A new session has user privilege (§22.18).
      if (level <= PRIVILEGE.user) return;
      try {
        await run("setSessionPrivilege", [level], nothing);
      } catch (error) {
        if (!isIpmiError(error, "completion") || error.completion === undefined || error.completion >= 0xc0)
          throw error;
        throw new IpmiError(
          "privilege-refused",
          `${options.address} does not give this user the privilege ${options.privilege}`,
          "Ask for a lower privilege, or raise the user's privilege on the LAN channel of the BMC.",
          { evidence: wire.evidence, completion: error.completion },
        );
      }
    },
    async close() {
      const [netFn, command] = COMMAND.closeSession;
      try {
        const until = timers.now() + CLOSE_PATIENCE;
        await call({
          what: "closeSession",
          netFn,
          command,
          data: concat(u32le(opened.bmcId)),
          decode: nothing,
          until,
          once: true,
        });
      } catch (error) {
        // The work is done; a BMC that does not say good-bye drops the session by itself after a minute.
        if (!(error instanceof IpmiError)) throw error;
      }
    },
  };
}

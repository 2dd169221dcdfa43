import type { AuthenticatedRack } from "../rack.ts";
import type { Reporter } from "../reporter.ts";
import type { World } from "../world.ts";
import { packageInstaller } from "./packages.ts";
import type { Installer } from "./packages.ts";
import { startProcess } from "./process.ts";

/** What running scripts needs of the machine and of the region. */
export interface ScriptContext {
  readonly world: World;
  readonly rack: Pick<AuthenticatedRack, "url" | "script" | "task">;
  readonly reporter: Pick<Reporter, "send" | "drain" | "step">;
  /** Where runs have their folders; programs can be started from it. */
  readonly folder: string;
  /** What every script finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly installer: Installer;
  readonly start: typeof startProcess;
  /** Seconds between asking a script to end and killing it. */
  readonly graceSeconds: number;
  /** How often a piece of output goes out. */
  readonly pieceMilliseconds: number;
  /** Aborted when the region no longer wants any of this. */
  readonly signal: AbortSignal;
  /** Whether the machine is on its way down. */
  stopping(): Promise<boolean>;
}

// /run does not allow programs in this system.
const folder = "/var/lib/rackwright/scripts";

/** Scripts as they are run on a real machine. */
export function machineContext(
  world: World,
  rack: ScriptContext["rack"],
  reporter: Reporter,
  environment: NodeJS.ProcessEnv,
): ScriptContext {
  return {
    world,
    rack,
    reporter,
    folder,
    environment: {
      PATH: environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      USER: "root",
      LC_ALL: "C.UTF-8",
      DEBIAN_FRONTEND: "noninteractive",
    },
    installer: packageInstaller(world),
    start: startProcess,
    graceSeconds: 10,
    pieceMilliseconds: 1000,
    signal: reporter.signal,
    stopping: async () => {
      const state = await world.run(["systemctl", "is-system-running"], { timeoutSeconds: 10 });
      return state.output.trim() === "stopping";
    },
  };
}

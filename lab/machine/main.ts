import { messageOf } from "../errors.ts";
import { readState } from "../state.ts";
import { createHostWorld } from "../world/host.ts";
import { labVariable } from "../world/process-identity.ts";
import { findBoard, findUefiFiles } from "../world/requirements.ts";
import { startSupervisor } from "./supervisor.ts";

const [stateDirectory = "", machineName = ""] = process.argv.slice(2);
const log = (text: string): void => console.log(`${new Date().toISOString()} ${text}`);

try {
  const lab = await readState(stateDirectory);
  const machine = lab?.machines.find(({ name }) => name === machineName);
  if (lab === undefined || machine === undefined) throw new Error(`no machine ${machineName} in ${stateDirectory}`);
  const stop = await startSupervisor({
    world: createHostWorld(process.env),
    machine,
    host:
      machine.firmware === "uefi"
        ? { board: "q35", uefi: await findUefiFiles() }
        : { board: await findBoard(), uefi: undefined },
    environment: { [labVariable]: lab.id },
    log,
  });
  const end = (signal: string): void => {
    log(`ending on ${signal}`);
    stop();
    process.exit(0);
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
} catch (error) {
  log(`cannot start: ${messageOf(error)}`);
  process.exit(1);
}

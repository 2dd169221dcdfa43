import { createConnection, createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import { LabHostError, LabRequestError, messageOf } from "../errors.ts";
import { processIdentity } from "../world/process-identity.ts";
import { faults } from "./faults.ts";

/** What the supervisor of a machine can be asked: one JSON line each way per connection. */
export const controlRequest = z.discriminatedUnion("do", [
  z.object({ do: z.literal("status") }),
  z.object({ do: z.literal("power"), action: z.enum(["off", "on", "cycle", "reset", "diagnostic", "soft"]) }),
  z.object({ do: z.literal("faults"), faults }),
  z.object({ do: z.literal("link"), up: z.boolean() }),
  z.object({ do: z.literal("lose-power") }),
]);
export type ControlRequest = z.input<typeof controlRequest>;

export const machineStatus = z.object({
  supervisor: processIdentity,
  power: z.enum(["on", "off"]),
  qemu: processIdentity.optional(),
  /** How often the firmware started since the supervisor did. */
  firmwareStarts: z.int(),
  /** What the firmware tries at its next start. */
  nextBootOrder: z.array(z.enum(["network", "disk"])),
  /** Whether QEMU holds that order already; true as well when the power is off. */
  bootOrderArmed: z.boolean(),
  /** Whether the guest's way to its BMC is connected. */
  bmcLinked: z.boolean(),
  faults,
});
export type MachineStatus = z.output<typeof machineStatus>;

const answer = z.union([
  z.object({ ok: z.literal(true), status: machineStatus }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

const longestLine = 64 * 1024;

/** Asks a supervisor and gives the status after the deed. */
export async function askSupervisor(
  socketPath: string,
  request: ControlRequest,
  timeoutMilliseconds = 20_000,
): Promise<MachineStatus> {
  const line = await exchange(socketPath, `${JSON.stringify(request)}\n`, timeoutMilliseconds);
  const parsed = answer.parse(JSON.parse(line));
  if (!parsed.ok) throw new LabRequestError(parsed.error);
  return parsed.status;
}

/** Serves requests on a Unix socket; errors of the handler travel as text. */
export function serveControl(handle: (request: z.output<typeof controlRequest>) => Promise<MachineStatus>): Server {
  return createServer((socket) => {
    socket.on("error", () => socket.destroy());
    readLine(socket)
      .then(async (line) => {
        const status = await handle(controlRequest.parse(JSON.parse(line)));
        return { ok: true, status };
      })
      .catch((error: unknown) => ({ ok: false, error: messageOf(error) }))
      .then((reply) => socket.end(`${JSON.stringify(reply)}\n`))
      .catch(() => socket.destroy());
  });
}

function exchange(path: string, line: string, timeoutMilliseconds: number): Promise<string> {
  const socket = createConnection(path);
  const late = setTimeout(
    () => socket.destroy(new LabHostError(`the supervisor at ${path} does not answer`)),
    timeoutMilliseconds,
  );
  socket.write(line);
  return readLine(socket).finally(() => {
    clearTimeout(late);
    socket.destroy();
  });
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > longestLine) socket.destroy(new Error("the line is too long"));
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new LabHostError("the connection ended before a line came")));
  });
}

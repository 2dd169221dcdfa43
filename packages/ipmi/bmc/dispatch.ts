import { MalformedError, concat } from "../codec/bytes.ts";
import { COMMAND } from "../codec/commands.ts";
import type { CommandName } from "../codec/commands.ts";
import type { Request } from "../codec/message.ts";
import { PRIVILEGE } from "../codec/status.ts";

/** Channels of the virtual BMC: the network and the interface inside the machine. */
export const LAN_CHANNEL = 1;
export const SYSTEM_CHANNEL = 0x0f;

/** What a command may do with the session it came in. */
export interface SessionHandle {
  readonly maxPrivilege: number;
  setPrivilege(level: number): void;
  /** Ends the session after the reply; false when the id is not this session's. */
  close(bmcId: number): boolean;
}

/** Who asks: through which channel, with which privilege. */
export interface Asker {
  readonly channel: number;
  readonly privilege: number;
  readonly session?: SessionHandle;
}

/** One command of the BMC. */
export interface Handler {
  /** Lowest privilege that may ask; 0 also before a session. */
  readonly privilege: number;
  /** The data behind completion code 00. Throws {@link Completion} for another code. */
  readonly run: (data: Uint8Array, asker: Asker) => readonly number[] | Uint8Array | Promise<readonly number[]>;
}

export type Handlers = Partial<Record<CommandName, Handler>>;

/** Privilege 0: answered also to those who have no session yet. */
export const ANYONE = 0;
export const { user: USER, operator: OPERATOR, administrator: ADMINISTRATOR } = PRIVILEGE;

/** A command ends with this completion code and no data. */
export class Completion extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`completion code ${code.toString(16)}`);
    this.code = code;
  }
}

/** Answers any request with completion code and data; never rejects. */
export type Dispatch = (request: Request, asker: Asker) => Promise<Uint8Array>;

export function createDispatch(handlers: Handlers): Dispatch {
  const byNumber = new Map<number, Handler>();
  for (const [name, handler] of Object.entries(handlers)) {
    const [netFn, command] = COMMAND[name as CommandName];
    byNumber.set((netFn << 8) | command, handler);
  }
  return async ({ netFn, command, data }, asker) => {
    const handler = byNumber.get((netFn << 8) | command);
    if (handler === undefined) return Uint8Array.of(0xc1);
    if (asker.privilege < handler.privilege) return Uint8Array.of(0xd4);
    try {
      return concat([0x00], await handler.run(data, asker));
    } catch (error) {
      if (error instanceof Completion) return Uint8Array.of(error.code);
      if (error instanceof MalformedError) return Uint8Array.of(0xc7);
      // The chassis failed, which is the world's fault, not the asker's.
      return Uint8Array.of(0xff);
    }
  };
}

/** The channel a command names: E stands for the one it came through. Others do not exist here (CC). */
export function channelOf(byte: number, asker: Asker): number {
  const named = byte & 0x0f;
  const channel = named === 0x0e ? asker.channel : named;
  if (channel !== LAN_CHANNEL && channel !== SYSTEM_CHANNEL) throw new Completion(0xcc);
  return channel;
}

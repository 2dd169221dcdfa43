import type { Socket } from "node:dgram";
import {
  encodeError,
  ErrorCode,
  MalformedPacket,
  negotiateRead,
  Opcode,
  decodeRequest,
  type Request,
} from "@rackwright/tftp";
import { bytesSource, type FileSource } from "../images/file-source.ts";
import { reporter, type Reporter } from "./events.ts";
import { type Settings, settingsOf, type TftpServerOptions } from "./options.ts";
import { normalisePath, printable } from "./path.ts";
import { bindSocket } from "./socket.ts";
import { Transfer } from "./transfer.ts";
import { withinTime } from "./within-time.ts";

const TICK_MS = 25;
const MAX_TIMEOUT_SECONDS = 60;

export interface TftpServer {
  /** Where it listens now, as `{ address, port }`. */
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  /** Transfers under way. */
  readonly transfers: number;
  /** Listen on exactly these addresses; sockets of the others are closed, running transfers go on. */
  setAddresses(addresses: readonly string[]): Promise<void>;
  /** Stop listening and end every transfer with an ERROR to its client. */
  close(): Promise<void>;
}

/**
 * Read-only TFTP server (RFC 1350, 2347, 2348, 2349, 7440) with one socket per address and one fresh
 * port per transfer. No datagram can stop it.
 * @throws the operating system's error when an address cannot be bound, RangeError for a bad option
 */
export async function startTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const server = new Server(settingsOf(options));
  try {
    await server.setAddresses(options.addresses);
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

interface Slot {
  readonly path: string;
  /** Undefined while the file is being opened. */
  transfer: Transfer | undefined;
}

class Server implements TftpServer {
  readonly #settings: Settings;
  readonly #report: Reporter;
  readonly #sockets = new Map<string, Socket>();
  /** By client address and port: a client that repeats its request must not get two transfers. */
  readonly #slots = new Map<string, Slot>();
  readonly #perClient = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#report = reporter(settings.emit, settings.now);
  }

  get listening(): readonly { address: string; port: number }[] {
    return [...this.#sockets].map(([address, socket]) => ({ address, port: socket.address().port }));
  }

  get transfers(): number {
    return this.#slots.size;
  }

  async setAddresses(addresses: readonly string[]): Promise<void> {
    const wanted = new Set(addresses.filter((address) => !/^fe[89ab]/i.test(address)));
    for (const [address, socket] of this.#sockets) {
      if (wanted.has(address)) continue;
      this.#sockets.delete(address);
      socket.close();
    }
    for (const address of wanted) {
      if (this.#sockets.has(address) || this.#closed) continue;
      const socket = await bindSocket(address, this.#settings.port);
      this.#sockets.set(address, socket);
      socket.on("message", (datagram, remote) => this.#request(socket, address, datagram, remote));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.setAddresses([]);
    for (const slot of this.#slots.values()) slot.transfer?.stop("the server is stopping");
    clearInterval(this.#timer);
  }

  #request(socket: Socket, local: string, datagram: Uint8Array, remote: { address: string; port: number }): void {
    // Only requests belong on this port; answering anything else would feed loops and reflections.
    if (datagram[0] !== 0 || (datagram[1] !== Opcode.readRequest && datagram[1] !== Opcode.writeRequest)) return;
    const refuse = (code: number, path: string, why: string): void => {
      socket.send(encodeError(code, why), remote.port, remote.address);
      this.#report.refused(remote.address, path, why);
    };
    let request: Request;
    try {
      request = decodeRequest(datagram);
    } catch (error) {
      refuse(ErrorCode.illegalOperation, "", error instanceof MalformedPacket ? error.message : "malformed request");
      return;
    }
    const path = printable(request.path);
    if (request.kind === "write") {
      refuse(ErrorCode.accessViolation, path, "this server is read-only");
      return;
    }
    const normalised = normalisePath(request.path);
    if ("refused" in normalised) refuse(ErrorCode.accessViolation, path, normalised.refused);
    else this.#admit(local, remote, { ...request, path: normalised.path });
  }

  #admit(local: string, remote: { address: string; port: number }, request: Request): void {
    const key = `${remote.address} ${remote.port}`;
    const old = this.#slots.get(key);
    if (old !== undefined) {
      if (old.path === request.path && old.transfer?.underWay !== true) {
        old.transfer?.restart();
        return;
      }
      // Some ROMs use one port for all files: a new request from it ends the old transfer.
      if (old.transfer === undefined) return;
      old.transfer.stop("a new request came from the same port");
    }
    const { maxTransfers, maxTransfersPerClient } = this.#settings;
    const own = this.#perClient.get(remote.address) ?? 0;
    if (this.#slots.size >= maxTransfers || own >= maxTransfersPerClient) {
      this.#report.busy(remote.address, request.path, own >= maxTransfersPerClient ? own : this.#slots.size);
      return;
    }
    const slot: Slot = { path: request.path, transfer: undefined };
    this.#slots.set(key, slot);
    this.#perClient.set(remote.address, own + 1);
    const release = (): void => this.#release(key, slot, remote.address);
    this.#serve(slot, local, remote, request, release).catch((error: unknown) => {
      release();
      this.#report.failed(remote.address, request.path, error instanceof Error ? error.message : "unknown error");
      void this.#answerOnce(local, remote, ErrorCode.undefined, "the server cannot read this file now");
    });
  }

  async #serve(
    slot: Slot,
    local: string,
    remote: { address: string; port: number },
    request: Request,
    release: () => void,
  ): Promise<void> {
    const began = this.#settings.now();
    this.#report.request(remote.address, request);
    const client = { address: remote.address, localAddress: local, protocol: "tftp" } as const;
    const opening = this.#settings.open(request.path, client);
    const source = await withinTime(opening, this.#settings.sourceTimeoutMs, "opening the file").catch(
      (error: unknown) => {
        closeWhenLate(opening);
        throw error;
      },
    );
    // GRUB asks for command.lst, fs.lst, crypto.lst and terminal.lst and treats an error as a broken installation.
    const file = source ?? (request.path.endsWith(".lst") ? bytesSource(new Uint8Array(0)) : undefined);
    if (file === undefined) {
      release();
      this.#report.missing(remote.address, request.path);
      await this.#answerOnce(local, remote, ErrorCode.fileNotFound, "file not found");
      return;
    }
    try {
      const terms = negotiateRead(request.options, request.mode, file.size, {
        maxBlksize: this.#settings.maxBlksize,
        maxWindowsize: this.#settings.maxWindowsize,
        maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
      });
      const socket = await bindSocket(local, 0);
      const plan = {
        socket,
        peer: { address: remote.address, port: remote.port },
        source: file,
        mode: request.mode,
        terms,
      };
      slot.transfer = new Transfer(plan, this.#settings, (outcome, bytes) => {
        release();
        this.#report.ended(remote.address, request.path, outcome, bytes, (this.#settings.now() - began) / 1000);
      });
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    slot.transfer.start();
    if (this.#closed) slot.transfer.stop("the server is stopping");
  }

  #release(key: string, slot: Slot, address: string): void {
    if (this.#slots.get(key) !== slot) return;
    this.#slots.delete(key);
    const left = (this.#perClient.get(address) ?? 1) - 1;
    if (left > 0) this.#perClient.set(address, left);
    else this.#perClient.delete(address);
    if (this.#slots.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#settings.now();
    for (const slot of this.#slots.values()) slot.transfer?.tick(now);
  }

  async #answerOnce(
    local: string,
    remote: { address: string; port: number },
    code: number,
    text: string,
  ): Promise<void> {
    try {
      const socket = await bindSocket(local, 0);
      socket.send(encodeError(code, text), remote.port, remote.address, () => socket.close());
    } catch {
      // No port left: the client asks again.
    }
  }
}

function closeWhenLate(opening: Promise<FileSource | undefined>): void {
  opening.then((source) => source?.close()).catch(() => undefined);
}

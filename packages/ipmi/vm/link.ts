import { checksum, concat } from "../codec/bytes.ts";
import type { Bmc } from "../bmc/bmc.ts";
import { createPieceReader, encodePiece } from "./bytes.ts";
import type { Piece } from "./bytes.ts";

const PROTOCOL_VERSION = 1;
/** Commands of the link, in both directions. */
const LINK = {
  powerOff: 0x03,
  reset: 0x04,
  enableIrq: 0x05,
  disableIrq: 0x06,
  nmi: 0x07,
  capabilities: 0x08,
  softOff: 0x09,
  version: 0xff,
} as const;
const CAPABILITY = { power: 0x01, reset: 0x02, irq: 0x04, nmi: 0x08, softOff: 0x20 } as const;
const SET_GLOBAL_ENABLES = 0x062e;
const RECEIVE_INTERRUPT = 0x01;
/** Messages waiting for the BMC; a guest has one under way at a time. */
const MOST_WAITING = 16;

/** The BMC's end of the link to QEMU. */
export interface VmLink {
  /** Bytes that came from QEMU, in any chunks. */
  receive(bytes: Uint8Array): void;
  /** Asks QEMU to switch off (at once, or by ACPI), reset or interrupt the guest; false when it did not say that it can. */
  command(action: "powerOff" | "softOff" | "reset" | "nmi"): boolean;
}

/** What the link needs; `onGuestReset` is told when QEMU says that it reset the guest, which 7.2 does not say of `system_reset`. */
export interface VmLinkParts {
  readonly bmc: Pick<Bmc, "message">;
  /** Writes to QEMU. Each call must reach it as one piece, which a stream socket does for so few bytes. */
  readonly write: (bytes: Uint8Array) => void;
  readonly onGuestReset?: () => void;
}

/**
 * Speaks the byte protocol of QEMU's `ipmi-bmc-extern` device, so that the guest's KCS or BT interface reaches this
 * BMC. One link per connection: make a new one when QEMU connects again. Give the device's socket `reconnect=1`:
 * QEMU 7.2 crashes when it is connected before the interface device exists.
 */
export function createVmLink({ bmc, write, onGuestReset }: VmLinkParts): VmLink {
  let capabilities = 0;
  let waiting = 0;
  let before: Promise<void> = Promise.resolve();
  const encodeCommand = (...bytes: readonly number[]): Uint8Array =>
    encodePiece({ kind: "command", bytes: Uint8Array.from(bytes) });

  /** Message: id, network function and LUN, command, data, checksum. */
  const onMessage = async (bytes: Uint8Array): Promise<void> => {
    const [id = 0, netFnLun = 0, command = 0] = bytes;
    const netFn = netFnLun >> 2;
    const data = bytes.subarray(3, -1);
    const answer = await bmc.message({ netFn, command, data });
    const body = concat([id, netFnLun | 0x04, command], answer);
    const reply = encodePiece({ kind: "message", bytes: concat(body, [checksum(body)]) });
    const interrupts =
      ((netFn << 8) | command) === SET_GLOBAL_ENABLES && answer[0] === 0 && (capabilities & CAPABILITY.irq) !== 0;
    if (!interrupts) return write(reply);
    const wanted = ((data[0] ?? 0) & RECEIVE_INTERRUPT) !== 0;
    // QEMU forgets what follows a command in the same chunk, so the command comes last.
    write(concat(reply, encodeCommand(wanted ? LINK.enableIrq : LINK.disableIrq)));
  };

  const onCommand = (bytes: Uint8Array): void => {
    const [command, argument = 0] = bytes;
    if (command === LINK.version) write(encodeCommand(LINK.version, PROTOCOL_VERSION));
    else if (command === LINK.capabilities) capabilities = argument;
    else if (command === LINK.reset) onGuestReset?.();
  };

  const onPiece = ({ kind, bytes }: Piece): void => {
    if (kind === "command") return onCommand(bytes);
    if (bytes.length < 4 || checksum(bytes) !== 0 || waiting >= MOST_WAITING) return;
    waiting += 1;
    before = before
      .then(() => onMessage(bytes))
      .finally(() => {
        waiting -= 1;
      });
  };

  return {
    receive: createPieceReader(onPiece),
    command(action) {
      const needed = {
        powerOff: CAPABILITY.power,
        reset: CAPABILITY.reset,
        nmi: CAPABILITY.nmi,
        softOff: CAPABILITY.softOff,
      }[action];
      if ((capabilities & needed) === 0) return false;
      write(encodeCommand(LINK[action]));
      return true;
    },
  };
}

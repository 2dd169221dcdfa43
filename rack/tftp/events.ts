import type { RackEventInput } from "@rackwright/contract/rack";
import { ErrorCode, type Outcome, type Request } from "@rackwright/tftp";

export interface Reporter {
  request(address: string, request: Request): void;
  refused(address: string, path: string, why: string): void;
  missing(address: string, path: string): void;
  busy(address: string, path: string, transfers: number): void;
  failed(address: string, path: string, why: string): void;
  ended(address: string, path: string, outcome: Outcome, bytes: number, seconds: number): void;
}

/** A stranger may send thousands of bad requests a second; the region hears of this many. */
const MAX_REFUSALS_PER_SECOND = 20;

/** Puts what the server saw into events of the rack link. */
export function reporter(emit: (event: RackEventInput) => void, now: () => number): Reporter {
  let windowStart = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  const limited = (event: RackEventInput): void => {
    if (now() - windowStart >= 1000) {
      windowStart = now();
      inWindow = 0;
    }
    inWindow += 1;
    if (inWindow <= MAX_REFUSALS_PER_SECOND) emit(event);
  };
  const failed = (address: string, path: string, why: string, reason: string, data = {}): RackEventInput => ({
    type: "tftp.failed",
    level: "warning",
    address,
    message: `TFTP to ${address}: ${path === "" ? "" : `${path}: `}${why}`,
    data: { path, reason, ...data },
  });
  return {
    request: (address, request) =>
      emit({
        type: "tftp.request",
        address,
        message: `TFTP request from ${address} for ${request.path}`,
        data: { path: request.path, mode: request.mode, options: Object.fromEntries(request.options) },
      }),
    refused: (address, path, why) => limited(failed(address, path, why, "refused")),
    missing: (address, path) => emit({ ...failed(address, path, "no such file", "not-found"), level: "info" }),
    busy: (address, path, transfers) => limited(failed(address, path, `${transfers} transfers already run`, "busy")),
    failed: (address, path, why) => emit(failed(address, path, why, "source")),
    ended: (address, path, outcome, bytes, seconds) => {
      const data = { path, bytes, seconds: Math.round(seconds * 1000) / 1000 };
      if (outcome.kind === "completed") {
        const message = `TFTP sent ${path} to ${address}: ${bytes} bytes in ${seconds.toFixed(1)} s`;
        emit({ type: "tftp.done", address, message, data: { ...data, confirmed: outcome.confirmed } });
      } else if (outcome.kind === "aborted" && isQuestion(outcome)) {
        const message = `${address} asked only for the size of ${path}`;
        emit({ type: "tftp.done", level: "debug", address, message, data: { ...data, aborted: true } });
      } else if (outcome.kind === "aborted") {
        const why = `client stopped with error ${outcome.code}: ${outcome.message}`;
        emit(failed(address, path, why, "aborted", { ...data, code: outcome.code }));
      } else emit(failed(address, path, outcome.message, outcome.reason, data));
    },
  };
}

/** Firmware asks for `tsize`, reads the OACK and ends with ERROR 8 (EDK2) or 0 (iPXE, PXE ROMs): nothing failed. */
function isQuestion(outcome: { readonly code: number; readonly stage: "options" | "data" }): boolean {
  return (
    outcome.stage === "options" && (outcome.code === ErrorCode.optionRefused || outcome.code === ErrorCode.undefined)
  );
}

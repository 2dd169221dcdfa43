import { type FleetFault, fleetFaults } from "@rackwright/lab";
import type { LifeEnd } from "./life.ts";

/** What became of the machines with one kind of fault. */
export interface FaultRow {
  readonly machines: number;
  readonly explained: number;
  readonly wrongly_explained: number;
  /** Codes told, with how often. */
  readonly codes: Readonly<Record<string, number>>;
}

/** What a run of a fleet found. */
export interface FleetResult {
  readonly name: "fleet";
  readonly machines: number;
  readonly seconds: number;
  /** Whole lives of healthy machines. */
  readonly lives_per_minute: number;
  /** Machines past their deadline, or in a status with a deadline at the end. */
  readonly stuck: number;
  readonly faulted: number;
  /** Share of the faulted machines whose failure names the right cause, 0 to 1; 1 where none is faulted. */
  readonly explained: number;
  /** Machines, healthy ones too, of which a wrong cause was asserted. */
  readonly wrongly_explained: number;
  /** Faulted machines that came through as if nothing were wrong. */
  readonly unnoticed: number;
  readonly peak_memory_mib: { readonly region: number; readonly rack: number };
  readonly faults: Readonly<Partial<Record<FleetFault, FaultRow>>>;
}

/** Whether a life's end names the cause of the machine's fault. */
export function namesCause({ fault, code }: LifeEnd): boolean {
  const causes: readonly string[] = fault === undefined ? [] : fleetFaults[fault].causes;
  return code !== undefined && causes.includes(code);
}

/** Adds up how lives ended. */
export function addUp(
  ends: readonly LifeEnd[],
  measured: Pick<FleetResult, "seconds" | "stuck" | "peak_memory_mib">,
): FleetResult {
  const faults: Partial<Record<FleetFault, FaultRow>> = {};
  for (const end of ends) {
    if (end.fault === undefined) continue;
    const row = faults[end.fault] ?? { machines: 0, explained: 0, wrongly_explained: 0, codes: {} };
    const code = end.code ?? end.kind;
    faults[end.fault] = {
      machines: row.machines + 1,
      explained: row.explained + Number(namesCause(end)),
      wrongly_explained: row.wrongly_explained + Number(isWrong(end)),
      codes: { ...row.codes, [code]: (row.codes[code] ?? 0) + 1 },
    };
  }
  const faulted = ends.filter(({ fault }) => fault !== undefined);
  const whole = ends.filter(({ kind, fault }) => kind === "done" && fault === undefined).length;
  const share = faulted.length === 0 ? 1 : faulted.filter(namesCause).length / faulted.length;
  return {
    name: "fleet",
    machines: ends.length,
    seconds: Math.round(measured.seconds),
    lives_per_minute: Math.round((whole / measured.seconds) * 600) / 10,
    stuck: measured.stuck,
    faulted: faulted.length,
    explained: Math.round(share * 1000) / 1000,
    wrongly_explained: ends.filter(isWrong).length,
    unnoticed: faulted.filter(({ kind }) => kind === "done").length,
    peak_memory_mib: measured.peak_memory_mib,
    faults,
  };
}

const isWrong = (end: LifeEnd): boolean => end.kind === "failed" && !namesCause(end);

/** The result in lines for people. */
export function showFleet(result: FleetResult): string[] {
  const { region, rack } = result.peak_memory_mib;
  const rows = Object.entries(result.faults).map(([fault, row]) => {
    const codes = Object.entries(row.codes).map(([code, count]) => `${code} ${count}`);
    return `  ${fault.padEnd(20)} ${row.explained} of ${row.machines} explained: ${codes.join(", ")}`;
  });
  return [
    `${result.machines} machines in ${result.seconds} s: ${result.lives_per_minute} lives per minute, ${result.stuck} stuck`,
    `${result.faulted} with a fault: ${Math.round(result.explained * 1000) / 10} % explained, ${result.unnoticed} unnoticed`,
    `${result.wrongly_explained} machines with a wrong explanation`,
    `peak memory: region ${region} MiB, rack ${rack} MiB`,
    ...rows,
  ];
}

import { benchApi, showApi } from "./api/index.ts";
import { startOurs } from "./controllers.ts";
import { benchDhcp } from "./dhcp/index.ts";
import { benchFleet, drawMachines, showFleet } from "./fleet/index.ts";
import type { BenchResult } from "./result.ts";
import { benchTftp } from "./tftp.ts";

interface Choice {
  readonly only?: readonly string[];
  readonly seconds?: number;
  readonly machines: number;
  readonly faults: number;
  readonly events: number;
}

const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** Prints figures and ratios beside peers. */
function show(result: BenchResult): string[] {
  return [
    ...Object.entries(result.results).map(([who, figure]) => `${who.padEnd(28)} ${figure} ${result.unit}`),
    ...Object.entries(result.ratios).map(([peer, ratio]) => `ours / ${peer.padEnd(21)} ${ratio}`),
  ];
}

/** A benchmark's object, and the same in lines for people. */
type Told = { readonly result: unknown; readonly lines: readonly string[] };
const beside = (result: BenchResult): Told => ({ result, lines: show(result) });

const benchmarks: Record<string, { about: string; run: (choice: Choice) => Promise<Told> }> = {
  dhcp: {
    about: "new leases per second under 1 % drops, beside dnsmasq and Kea with PostgreSQL",
    run: async (choice) => beside(await benchDhcp({ startOurs, log, ...choice })),
  },
  tftp: { about: "bytes per second of TFTP reads, beside tftpd-hpa", run: async () => beside(await benchTftp()) },
  fleet: {
    about: "simulated machines through their whole life, some with faults: lives per minute, and what was explained",
    run: async ({ machines, faults }) => {
      const { ends: _, ...result } = await benchFleet({ machines: drawMachines(machines, faults), log });
      return { result, lines: showFleet(result) };
    },
  },
  api: {
    about: "lists, counts and the whole listing of the MAAS API with many machines, beside Ironic",
    run: async ({ machines, events }) => {
      const result = await benchApi({ machines, events }, log);
      return { result, lines: [...showApi(result), ...show(result)] };
    },
  },
};

const help = [
  "Usage: rackwright bench NAME [--json] [--only NAME,…] [--seconds N] [--machines N] [--faults PERCENT] [--events N]",
  "",
  ...Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(6)} ${about}`),
  "",
  "dhcp and tftp run ours and its peers in one run on the same machine and print ratios (above 1: ours is faster); for",
  "dhcp, --only names contestants and --seconds is the length of a trial (default 3). fleet has no peer: --machines is how",
  "many there are (default 100) and --faults how many of a hundred have a fault (default 5). api fills a database with",
  "--machines (default 10000) of --events each (default 200). With --json the last line of standard output is one object.",
].join("\n");

const words = process.argv.slice(2);
/** The value of `--flag VALUE` or `--flag=VALUE`. */
const value = (flag: string): string | undefined => {
  const joined = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
  return joined ?? (words.includes(flag) ? (words[words.indexOf(flag) + 1] ?? "") : undefined);
};
/** A flag's number; what is wrong with it goes into `wrong`. */
const wrong: string[] = [];
const number = (flag: string, low: number, high: number, otherwise: number): number => {
  const text = value(flag) ?? String(otherwise);
  if (text === "" || !(Number(text) >= low && Number(text) <= high))
    wrong.push(`${flag} is '${text}'; it must be a number from ${low} to ${high}.`);
  return Number(text);
};
const only = value("--only");
const choice: Choice = {
  ...(only === undefined ? {} : { only: only.split(",") }),
  ...(value("--seconds") === undefined ? {} : { seconds: number("--seconds", 1, 60, 3) }),
  machines: number("--machines", 1, words.includes("api") ? 1_000_000 : 16_000, words.includes("api") ? 10_000 : 100),
  faults: number("--faults", 0, 100, 5),
  events: number("--events", 0, 1000, 200),
};
const [name = ""] = words.filter((word) => !word.startsWith("-"));
const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
if (benchmark === undefined && words[0] !== undefined && !/^(-h|--help)$/.test(words[0]))
  wrong.unshift(`there is no benchmark '${name}'; there are ${Object.keys(benchmarks).join(", ")}.`);
if (words.includes("--help") || words.includes("-h") || words.length === 0) console.log(help);
else if (wrong.length > 0 || benchmark === undefined) {
  log(`rackwright: ${wrong[0] ?? help}`);
  process.exitCode = 2;
} else {
  const { result, lines } = await benchmark.run(choice);
  console.log(words.includes("--json") ? JSON.stringify(result) : lines.join("\n"));
}

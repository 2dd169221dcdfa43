import { startOurs } from "./controllers.ts";
import { benchDhcp } from "./dhcp/index.ts";
import type { BenchResult } from "./result.ts";
import { benchTftp } from "./tftp.ts";

interface Choice {
  readonly only?: readonly string[];
  readonly seconds?: number;
}

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const benchmarks: Record<string, { about: string; run: (choice: Choice) => Promise<BenchResult> }> = {
  dhcp: {
    about: "new leases per second under 1 % drops, beside dnsmasq and Kea with PostgreSQL",
    run: (choice) => benchDhcp({ startOurs, log, ...choice }),
  },
  tftp: { about: "bytes per second of TFTP reads, beside tftpd-hpa", run: () => benchTftp() },
};

const help = [
  "Usage: rackwright bench NAME [--json] [--only=NAME,…] [--seconds=N]",
  "",
  ...Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(6)} ${about}`),
  "",
  "Each benchmark runs ours and its peers in one run on the same machine and prints ratios (above 1: ours is faster).",
  "With --json the last line of standard output is one object. For dhcp, --only names contestants and --seconds is",
  "the length of a trial (default 3).",
].join("\n");

const words = process.argv.slice(2);
const value = (flag: string): string | undefined =>
  words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
const [only, seconds] = [value("--only"), value("--seconds")];
const choice: Choice = {
  ...(only === undefined ? {} : { only: only.split(",") }),
  ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
};
const name = words.find((word) => !word.startsWith("-"));
const benchmark = name === undefined ? undefined : benchmarks[name];
if (words.includes("--help") || words.includes("-h") || words.length === 0) console.log(help);
else if (seconds !== undefined && !(Number(seconds) >= 1 && Number(seconds) <= 60)) {
  log(`rackwright: --seconds is '${seconds}'; it must be a number from 1 to 60.`);
  process.exitCode = 2;
} else if (benchmark === undefined) {
  log(
    `rackwright: there is no benchmark '${name ?? words.join(" ")}'; there are ${Object.keys(benchmarks).join(" and ")}.`,
  );
  process.exitCode = 2;
} else {
  const result = await benchmark.run(choice);
  if (words.includes("--json")) console.log(JSON.stringify(result));
  else {
    for (const [who, figure] of Object.entries(result.results))
      console.log(`${who.padEnd(28)} ${figure} ${result.unit}`);
    for (const [peer, ratio] of Object.entries(result.ratios)) console.log(`ours / ${peer.padEnd(21)} ${ratio}`);
  }
}

import { machineActions } from "@rackwright/contract";

/** Seconds as people say them: 8.4 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** An instant on the clock of this host, to the second: 2026-01-31 13:05:09. */
export function moment(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** An instant with how far it is from `now`: 2026-01-31 13:05:09 (2 min 3 s ago). */
export function momentFrom(instant: string, now: number): string {
  const seconds = Math.round((now - Date.parse(instant)) / 1000);
  const span = Math.abs(seconds) < 100 ? `${Math.abs(seconds)} s` : duration(Math.abs(seconds));
  return `${moment(instant)} (${seconds >= 0 ? `${span} ago` : `in ${span}`})`;
}

/** What to type after `rackwright machines` for an action of the API. */
export function verbOf(action: string): string {
  const power = /^power_(on|off|cycle)$|^(query)_power$/.exec(action);
  return power ? `power ${power[1] ?? power[2]}` : action.replaceAll("_", "-");
}

/** Actions whose names are no words of the command line. */
const joined = new RegExp(String.raw`\b(${machineActions.filter((one) => one.includes("_")).join("|")})\b`, "g");

const route = /\b(GET|POST|PUT) \/api\/v1\/((?:[a-z-]+|\{\w+\})(?:\/[^\s'),.;:]+)*)/g;

/** Commands that are called otherwise than their routes. */
const otherwise: Readonly<Record<string, string>> = {
  "GET status": "status",
  "GET failures": "failures",
  "GET events": "events",
  "GET boot/explain": "boot explain",
  "GET scripts/*/versions": "scripts history",
  "GET webhooks/*/deliveries": "webhooks deliveries list",
  "GET boot-sources/*/selections": "boot-sources selections list",
  "GET machines/*/results": "machines results",
  "GET subnets/*/usage": "subnets usage",
  "POST sessions": "login",
  "POST images/sync": "images sync",
  "POST secrets/rotate": "secrets rotate",
  "POST scripts/*/copy": "scripts copy",
  "PUT scripts/*/text": "scripts upload",
  "PUT machines/*/storage/layout": "machines storage layout",
};

/** The command of a route that the region names, with the thing it is about; null where it is none we know by heart. */
function commandOf(method: string, path: string): string | null {
  const [noun = "", name, ...rest] = path.split("/");
  const below = rest.length > 0 ? ["*", ...rest] : name === undefined ? [] : [name];
  const known = otherwise[`${method} ${[noun, ...below].join("/")}`];
  if (known === undefined) return name === undefined ? `${noun} ${method === "GET" ? "list" : "create"}` : null;
  if (name === undefined || rest.length === 0) return known;
  return `${known} ${/^\{.*\}$/.test(name) ? noun.replace(/s$/, "").toUpperCase() : name}`;
}

/** What the region says, in words of the command line: its routes are commands here, and its actions verbs. */
export function spoken(text: string): string {
  return text
    .replaceAll(route, (whole, method: string, path: string) => {
      const words = commandOf(method, path);
      return words === null ? whole : `'rackwright ${words}'`;
    })
    .replaceAll(/; see \/api\/v1\/([a-z-]+)(?=$|[ .,])/g, "; see 'rackwright $1 list'")
    .replaceAll(joined, verbOf)
    .replaceAll(/Invalid input: expected \w+, received undefined/g, "must be given")
    .replaceAll(/Invalid input: expected boolean, received \w+/g, "must be true or false")
    .replaceAll(/Invalid input: expected (number|int), received \w+/g, "must be a number")
    .replaceAll(/Invalid option: expected one of/g, "must be one of")
    .replaceAll(/(?<=must be one of )"[^"]*"(\|"[^"]*")+/g, (all) => all.slice(1, -1).replaceAll('"|"', ", "))
    .replaceAll(/Too small: expected string to have >=1 characters/g, "must not be empty")
    .replaceAll(
      /Too (small|big): expected \w+ to have [<>]=(\d+) (characters|items)/g,
      (_, way, count, of) => `must have at ${way === "small" ? "least" : "most"} ${String(count)} ${String(of)}`,
    )
    .replaceAll(
      /Too (small|big): expected \w+ to be [<>]=?(\S+)/g,
      (_, way, bound) => `must be at ${way === "small" ? "least" : "most"} ${String(bound)}`,
    );
}

/** A count with its noun: 1 machine, 3 machines. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

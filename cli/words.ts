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

/** A count with its noun: 1 machine, 3 machines. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

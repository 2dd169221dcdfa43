/** A stretch of time: from a moment on, up to another one, which does not belong to it. */
export type Span = { from: Date; to: Date };

/** How a time is written, for whoever wrote it otherwise. */
export const spanForms =
  "a time such as 2026, 2026-01, 2026-01-31, 2026-01-31T12:00 or 2026-01-31T12:00:00Z, in UTC unless it ends in +01:00";

const form =
  /^([1-9]\d{3})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(?:Z|([+-]\d\d):(\d\d))?)?)?)?$/i;
/** Times beyond are written in other ways. */
const lastYear = 9998;
const aMinute = 60_000;

/** The stretch that a time means, as long as it is said exactly: a year, a day, a millisecond. Null for what is no time. */
export function parseSpan(text: string): Span | null {
  const [all, year, month, day, hour, minute, second, fraction, zone = "+00", zoneMinutes = "00"] =
    form.exec(text) ?? [];
  if (all === undefined || Number(year) > lastYear || Math.abs(Number(zone)) > 23 || Number(zoneMinutes) > 59)
    return null;
  const written = `${year}-${month ?? "01"}-${day ?? "01"}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}`;
  const begin = new Date(`${written}.${(fraction ?? "").padEnd(3, "0")}Z`);
  // What does not come back as it was is no date, such as February 30.
  if (Number.isNaN(begin.getTime()) || !begin.toISOString().startsWith(written)) return null;
  const end = new Date(begin);
  if (month === undefined) end.setUTCFullYear(end.getUTCFullYear() + 1);
  else if (day === undefined) end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setTime(begin.getTime() + lengthOf(hour, second, fraction));
  const ahead = (Number(zone) * 60 + (zone.startsWith("-") ? -1 : 1) * Number(zoneMinutes)) * aMinute;
  return { from: new Date(begin.getTime() - ahead), to: new Date(end.getTime() - ahead) };
}

/** Milliseconds of what a day with or without time of day means. */
function lengthOf(hour: string | undefined, second: string | undefined, fraction: string | undefined): number {
  if (hour === undefined) return 1440 * aMinute;
  if (second === undefined) return aMinute;
  return fraction === undefined ? 1000 : 10 ** (3 - fraction.length);
}

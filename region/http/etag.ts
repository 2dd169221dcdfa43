import { createHash } from "node:crypto";

type Fields = Readonly<Record<string, unknown>>;

const hash = (text: string, characters: number): string =>
  createHash("sha256").update(text).digest("base64url").slice(0, characters);

/** Characters of the hash of the whole, and of each field. */
const whole = 22;
const each = 3;

/** The entity tag (RFC 9110 8.8.3, a strong one) of an answer that is no object. */
export function textTag(text: string): string {
  return `"${hash(text, whole)}"`;
}

/**
 * The entity tag of a thing: a hash of the whole, then a short one of each field in their order, so that what changed
 * since can be told by field although nobody kept the former thing.
 */
export function thingTag(thing: Fields): string {
  const parts = Object.entries(thing).map(([name, value]) => hash(JSON.stringify([name, value]), each));
  return `"${hash(JSON.stringify(thing), whole)}.${parts.join("")}"`;
}

/** Names of the fields that differ between the thing as it was under a tag and as it is; all of them for a tag of something else. */
export function changedSince(tag: string, thing: Fields): string[] {
  const names = Object.keys(thing);
  const parts = /^"[\w-]{22}\.([\w-]*)"$/.exec(tag)?.[1] ?? "";
  const now = /\.([\w-]*)"$/.exec(thingTag(thing))?.[1] ?? "";
  if (parts.length !== now.length) return names;
  return names.filter(
    (_, index) => parts.slice(index * each, (index + 1) * each) !== now.slice(index * each, (index + 1) * each),
  );
}

/** Tags of an `If-Match` or `If-None-Match` header: quoted ones, `*` for anything; null where it is no such list. */
export function readTags(header: string): string[] | null {
  const text = header.trim();
  if (text === "*") return ["*"];
  if (text.length > 10_000) return null;
  if (!/^((W\/)?"[^"\s]{0,2000}"\s*(,\s*|$))+$/.test(text)) return null;
  return text.match(/(W\/)?"[^"]*"/g) ?? null;
}

/** Whether a tag is among those of `If-None-Match`: by the weak comparison, since proxies weaken tags of what they compress. */
export function noneMatch(header: string, tag: string): boolean {
  const strong = (one: string): string => one.replace(/^W\//, "");
  return !(readTags(header) ?? []).some((one) => one === "*" || strong(one) === tag);
}

/** What part of a file a request gets. Offsets in bytes, `end` is exclusive. */
export type Part =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

/**
 * Single byte range of RFC 9110 §14. Other units, several ranges and broken syntax are ignored, which the
 * section allows: the client then gets the whole file.
 */
export function parseRange(header: string | undefined, size: number): Part {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.replace(/[ \t]/g, "") ?? "");
  if (match === null) return { kind: "whole" };
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return { kind: "whole" };
  if (first === "") {
    const count = Math.min(Number(last), size);
    return count === 0 ? { kind: "unsatisfiable" } : { kind: "part", start: size - count, end: size };
  }
  if (last !== "" && Number(last) < Number(first)) return { kind: "whole" };
  if (Number(first) >= size) return { kind: "unsatisfiable" };
  const end = last === "" ? size : Math.min(size, Number(last) + 1);
  return { kind: "part", start: Number(first), end };
}

/** Whether a header such as If-None-Match lists the entity tag, compared weakly (RFC 9110 §8.8.3.2). */
export function listsTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((part) => part.trim().replace(/^W\//, "") === tag);
}

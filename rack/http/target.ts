import { normalisePath } from "../tftp/path.ts";

/** What a request's target asks for. */
export type Target =
  | { readonly kind: "image"; readonly hash: string; readonly name: string }
  | { readonly kind: "boot"; readonly path: string }
  /** `target` is what goes to the region: path as the client encoded it, with single slashes, and query. */
  | { readonly kind: "region"; readonly target: string }
  | { readonly kind: "refused"; readonly status: 400 | 403; readonly why: string };

const MAX_TARGET = 8192;
const IMAGE = /^images\/([0-9a-f]{64})\/(.+)$/i;

/**
 * Sort a request target (RFC 9112 §3.2) by who answers it. Escapes are decoded exactly once; what still
 * holds an escape, an encoded separator, a control character or a `..` part afterwards is refused, so neither
 * the rack's folders nor a second decoder behind it can be climbed out of.
 */
export function parseTarget(raw: string): Target {
  if (raw.length > MAX_TARGET) return { kind: "refused", status: 400, why: "the request target is too long" };
  const origin = raw.replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = origin.search(/[?#]/);
  const path = mark < 0 ? origin : origin.slice(0, mark);
  if (!path.startsWith("/")) return { kind: "refused", status: 400, why: "the request target must be a path" };
  if (/%(2f|5c)/i.test(path)) return { kind: "refused", status: 400, why: "encoded separators are not allowed" };
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return { kind: "refused", status: 400, why: "the path has a broken escape" };
  }
  if (/%[0-9a-f]{2}/i.test(decoded)) return { kind: "refused", status: 400, why: "the path is encoded twice" };
  const normalised = normalisePath(decoded);
  if ("refused" in normalised) return { kind: "refused", status: 403, why: normalised.refused };
  if (/^(MAAS|agent)(\/|$)/.test(normalised.path)) {
    const query = mark < 0 ? "" : (origin.slice(mark).split("#", 1)[0] ?? "");
    return { kind: "region", target: path.replaceAll("\\", "/").replace(/\/{2,}/g, "/") + query };
  }
  const image = IMAGE.exec(normalised.path);
  if (image === null) return { kind: "boot", path: normalised.path };
  return { kind: "image", hash: (image[1] ?? "").toLowerCase(), name: image[2] ?? "" };
}

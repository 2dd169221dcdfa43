/** One part of a multipart/form-data body. */
export type FormPart = { name: string; filename: string | null; content: Buffer };

const mostParts = 64;
const longestHead = 8192;

/** The boundary of a `Content-Type: multipart/form-data` header; null when it is something else (RFC 2046 5.1.1). */
export function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const match = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;",]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/**
 * Takes a multipart/form-data body (RFC 7578) apart. Undoes `Content-Transfer-Encoding: base64`, which form encoders
 * built on mail libraries use although RFC 7578 4.7 no longer wants it. Null when the body is malformed or has more than
 * `most` parts.
 */
export function parseMultipart(body: Buffer, boundary: string, most = mostParts): FormPart[] | null {
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  // The first delimiter has no line break of its own before it.
  const text = Buffer.concat([Buffer.from("\r\n"), body]);
  const parts: FormPart[] = [];
  let at = text.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (text.subarray(start, start + 2).toString("latin1") === "--") return parts;
    const lineEnd = text.indexOf("\r\n", start);
    if (lineEnd === -1 || text.subarray(start, lineEnd).toString("latin1").trim() !== "") return null;
    const next = text.indexOf(delimiter, lineEnd);
    if (next === -1 || parts.length === most) return null;
    const whole = text.subarray(lineEnd, next);
    at = next;
    // Mail libraries write a form of no parts as one part of nothing.
    if (whole.length <= 4 && whole.toString("latin1").trim() === "") continue;
    const part = parsePart(whole);
    if (part === null) return null;
    parts.push(part);
  }
  return null;
}

/** `text` begins with the line break after the delimiter, so that a part without headers is one too. */
function parsePart(text: Buffer): FormPart | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1 || end > longestHead) return null;
  const head = text.subarray(0, end).toString("utf8");
  const disposition = /\r\nContent-Disposition:[ \t]*form-data[ \t]*;([^\r\n]*)/i.exec(head)?.[1];
  const name = disposition === undefined ? undefined : dispositionValue(disposition, "name");
  if (disposition === undefined || name === undefined) return null;
  const raw = text.subarray(end + 4);
  const encoding = /\r\nContent-Transfer-Encoding:[ \t]*([^\r\n]*)/i.exec(head)?.[1]?.trim().toLowerCase();
  return {
    name,
    filename: dispositionValue(disposition, "filename") ?? null,
    content: encoding === "base64" ? Buffer.from(raw.toString("latin1"), "base64") : raw,
  };
}

function dispositionValue(disposition: string, key: string): string | undefined {
  const match = new RegExp(`(?:^|;)[ \\t]*${key}=(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(disposition);
  return match?.[1] ?? match?.[2];
}

/**
 * JSON in ASCII alone, as MAAS writes it. One character beyond Latin-1 would make of megabytes of text one of twice the
 * size, which takes many times as long to send.
 */
export function asciiJson(value: unknown): string {
  return escapeToAscii(JSON.stringify(value));
}

/** JSON text with every character beyond ASCII as an escape (RFC 8259 7). */
export function escapeToAscii(text: string): string {
  return /[\u0080-\uffff]/.test(text) ? text.replaceAll(/[\u0080-\uffff]/g, escape) : text;
}

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * The Internet checksum (RFC 1071) of the bytes in `from`..`to`, as a 16-bit number; `initial` is added to the sum, as
 * the part of a pseudo header that is not in the bytes.
 */
export function internetChecksum(view: DataView, from: number, to: number, initial = 0): number {
  let sum = initial;
  let at = from;
  for (; at + 1 < to; at += 2) sum += view.getUint16(at);
  if (at < to) sum += view.getUint8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

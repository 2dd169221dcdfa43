import { crc32 } from "node:zlib";

/** Bytes of one LZMA2 chunk that is not compressed. */
const chunkSize = 0x10000;

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
const checked = (bytes: Buffer): Buffer => Buffer.concat([bytes, word(crc32(bytes))]);
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

/** An integer in as many bytes as it needs, seven bits each (section 1.2 of the .xz file format 1.1.0). */
function multibyte(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}

/**
 * The bytes as an .xz file (format 1.1.0) that every reader of xz unpacks. Nothing is compressed: it is for clients that
 * ask for this kind of file, not to make it smaller.
 */
export function xz(content: Buffer): Buffer {
  const flags = Buffer.from([0, 1]);
  const start = Buffer.concat([Buffer.from("\xfd7zXZ\0", "latin1"), checked(flags)]);
  // Block header: 12 bytes in all, one filter, LZMA2 (0x21) with one byte of properties: a dictionary of 64 KiB.
  const header = checked(Buffer.from([2, 0, 0x21, 1, 8, 0, 0, 0]));
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += chunkSize) {
    const data = content.subarray(at, at + chunkSize);
    const head = Buffer.alloc(3);
    // 1: not compressed, the dictionary begins anew; 2: it goes on.
    head.writeUInt8(at === 0 ? 1 : 2);
    head.writeUInt16BE(data.length - 1, 1);
    chunks.push(head, data);
  }
  const body = Buffer.concat([...chunks, Buffer.from([0])]);
  const block = Buffer.concat([header, padded(body), word(crc32(content))]);
  const unpadded = header.length + body.length + 4;
  const record = Buffer.concat([multibyte(unpadded), multibyte(content.length)]);
  const index = checked(padded(Buffer.concat([Buffer.from([0, 1]), record])));
  const backward = word(index.length / 4 - 1);
  const end = Buffer.concat([backward, flags]);
  return Buffer.concat([start, block, index, word(crc32(end)), end, Buffer.from("YZ")]);
}

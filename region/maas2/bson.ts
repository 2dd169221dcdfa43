/** Values this encoder knows. */
export type BsonValue = string | Buffer | boolean | null;

const types = { string: 0x02, binary: 0x05, boolean: 0x08, null: 0x0a } as const;

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const cstring = (text: string): Buffer => Buffer.from(`${text}\0`);

function element(name: string, value: BsonValue): Buffer {
  const head = (type: number): Buffer => Buffer.concat([Buffer.from([type]), cstring(name)]);
  if (value === null) return head(types.null);
  if (typeof value === "boolean") return Buffer.concat([head(types.boolean), Buffer.from([value ? 1 : 0])]);
  if (typeof value === "string") {
    const text = cstring(value);
    return Buffer.concat([head(types.string), int32(text.length), text]);
  }
  return Buffer.concat([head(types.binary), int32(value.length), Buffer.from([0]), value]);
}

/** A document in BSON 1.1 (bsonspec.org): texts, bytes, booleans and nulls by name. Names hold no NUL. */
export function bson(document: Readonly<Record<string, BsonValue>>): Buffer {
  const elements = Object.entries(document).map(([name, value]) => element(name, value));
  const body = Buffer.concat([...elements, Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

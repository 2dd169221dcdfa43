import { domainName, type recordTypes } from "@rackwright/contract";
import { InputError } from "../errors.ts";

export type RecordType = (typeof recordTypes)[number];

const isName = (text: string): boolean => domainName.safeParse(text.replace(/\.$/, "")).success;
/** A decimal number of 16 or fewer bits. */
const isNumber = (text: string | undefined, most = 65_535): boolean =>
  text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= most;

/** Bytes of the fingerprints SSHFP has, by type (RFC 4255, RFC 6594). */
const fingerprints: Readonly<Record<string, number>> = { 1: 20, 2: 32 };

/** What the data of a record must be, in words; null where it is. */
function complaint(type: RecordType, data: string): string | null {
  const words = data.split(/\s+/);
  const [first = "", second = "", third, fourth = ""] = words;
  switch (type) {
    case "TXT":
      return null;
    case "CNAME":
    case "NS":
      return words.length === 1 && isName(first) ? null : "must be a domain name";
    case "MX":
      return words.length === 2 && isNumber(first) && (isName(second) || second === ".")
        ? null
        : "must be a preference and a domain name, such as '10 mail.example.com'";
    case "SRV":
      return words.length === 4 &&
        [first, second, third].every((word) => isNumber(word)) &&
        (isName(fourth) || fourth === ".")
        ? null
        : "must be priority, weight, port and a domain name, such as '0 5 5060 sip.example.com'";
    case "SSHFP": {
      const hex = words.slice(2).join("");
      const bytes = fingerprints[second];
      return isNumber(first, 255) && bytes !== undefined && /^[0-9a-f]+$/i.test(hex) && hex.length === bytes * 2
        ? null
        : "must be algorithm, fingerprint type (1 or 2) and the fingerprint in hexadecimal digits";
    }
  }
}

/**
 * The data of a record as it is kept: without blanks around it.
 *
 * @throws InputError where it is not what the type needs, or the name is not one such a record can have
 */
export function checkRecord(name: string, type: RecordType, given: string): string {
  const data = given.trim();
  const wrong = complaint(type, data);
  if (wrong !== null) throw InputError.field("data", given, `${wrong}; it is of type ${type}`);
  if (type === "SRV" && !/^(\*\.)?_[^.]+\._[^.]+/.test(name))
    throw InputError.field("name", name, "must begin with _service._protocol for records of type SRV");
  return data;
}

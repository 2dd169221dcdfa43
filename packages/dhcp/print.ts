import { decodeDomainList } from "./domain-list.ts";
import { noAddress, type DhcpMessage } from "./message.ts";
import { messageTypeOf, readAddresses, readText, readU16s, readUserClass } from "./option-values.ts";
import { knownOptions, type OptionKind } from "./option-table.ts";
import { readSubOptions } from "./sub-options.ts";

/** One line for the log: type, who, and the addresses that are set. */
export function printSummary(message: DhcpMessage): string {
  const words = [(messageTypeOf(message.options) ?? "bootp").toUpperCase(), message.mac];
  words.push(`xid=0x${message.transactionId.toString(16).padStart(8, "0")}`);
  const addresses = [
    ["ciaddr", message.clientAddress],
    ["yiaddr", message.yourAddress],
    ["siaddr", message.serverAddress],
    ["giaddr", message.relayAddress],
  ] as const;
  for (const [name, address] of addresses) if (address !== noAddress) words.push(`${name}=${address}`);
  if (message.bootFile !== "") words.push(`file=${printable(message.bootFile)}`);
  return words.join(" ");
}

/** The whole message, one field or option per line, for goldens and for debugging. Never throws. */
export function printMessage(message: DhcpMessage): string {
  const lines = [
    `op ${message.op} htype ${message.hardwareType} hlen ${message.hardwareLength} hops ${message.hops}`,
    `xid 0x${message.transactionId.toString(16).padStart(8, "0")} secs ${message.seconds} flags 0x${message.flags.toString(16).padStart(4, "0")}`,
    `ciaddr ${message.clientAddress} yiaddr ${message.yourAddress}`,
    `siaddr ${message.serverAddress} giaddr ${message.relayAddress}`,
    `chaddr ${message.mac}`,
    `sname ${printable(message.serverName)}`,
    `file ${printable(message.bootFile)}`,
  ];
  for (const [code, value] of message.options) {
    const known = knownOptions.get(code);
    lines.push(`${code} ${known?.name ?? "unknown"} ${printValue(known?.kind ?? "bytes", value)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** One option in words: IANA's short name, or `option-N`, and its value as `printMessage` shows it. Never throws. */
export function printOption(code: number, value: Uint8Array): { name: string; value: string } {
  const known = knownOptions.get(code);
  return { name: known?.name ?? `option-${code}`, value: printValue(known?.kind ?? "bytes", value) };
}

function hex(value: Uint8Array): string {
  return value.length === 0 ? "(empty)" : Buffer.from(value).toString("hex");
}

/** Text in quotes, so that hostile bytes cannot forge a log line. */
function printable(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007F-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function printValue(kind: OptionKind, value: Uint8Array): string {
  switch (kind) {
    case "address":
    case "addresses":
      return value.length > 0 && value.length % 4 === 0 ? readAddresses(value).join(" ") : hex(value);
    case "u8":
    case "u16":
    case "u32":
      return printNumber(kind, value);
    case "u16s":
      return value.length % 2 === 0 ? readU16s(value).join(" ") : hex(value);
    case "codes":
      return [...value].join(" ");
    case "text":
      return printable(readText(value));
    case "userClass":
      return readUserClass(value).map(printable).join(" ");
    case "domains":
      return printDomains(value);
    case "messageType":
      return messageTypeOf(new Map([[53, value]])) ?? hex(value);
    case "encapsulated":
    case "agent":
      return printSubOptions(value, kind === "agent");
    case "guid":
    case "bytes":
      return hex(value);
  }
}

function printNumber(kind: "u8" | "u16" | "u32", value: Uint8Array): string {
  const length = { u8: 1, u16: 2, u32: 4 }[kind];
  return value.length === length ? String(Number.parseInt(hex(value), 16)) : hex(value);
}

function printDomains(value: Uint8Array): string {
  try {
    return decodeDomainList(value).map(printable).join(" ");
  } catch {
    return hex(value);
  }
}

function printSubOptions(value: Uint8Array, plain: boolean): string {
  const parts = readSubOptions(value, plain);
  if (parts === undefined) return hex(value);
  return [...parts].map(([code, part]) => `${code}=${hex(part)}`).join(" ");
}

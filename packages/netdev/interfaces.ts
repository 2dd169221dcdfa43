import type { Run } from "./run.ts";

/** A network device of this host with its addresses. */
export interface NetworkInterface {
  name: string;
  index: number;
  mac: string | undefined;
  mtu: number;
  /** Administratively up and with a carrier, as far as the kernel can tell. */
  up: boolean;
  loopback: boolean;
  /** `bridge`, `bond`, `vlan`, `veth` …; undefined for a plain card. */
  kind: string | undefined;
  /** For a device of kind `vlan`: its tag, and the device it is on. */
  vlan: { vid: number; parent: string } | undefined;
  /** The bridge or bond this device is a port of. */
  master: string | undefined;
  /** In CIDR form, primary addresses first, in the kernel's order. */
  ipv4: string[];
  ipv6: string[];
}

/** Lists the network devices (`ip -json -details address`). Rejects when `ip` fails or prints what is not understood. */
export async function listInterfaces(run: Run): Promise<NetworkInterface[]> {
  return parseInterfaces(await run("ip", ["-json", "-details", "address", "show"]));
}

/** Reads the JSON of `ip -json -details address`. Throws SyntaxError or TypeError on other input. */
export function parseInterfaces(text: string): NetworkInterface[] {
  const document: unknown = JSON.parse(text);
  if (!Array.isArray(document)) throw new TypeError("ip -json: an array was expected");
  return document.filter(isRecord).filter(isNamed).map(readInterface);
}

type JsonRecord = Record<string, unknown>;

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Older versions of iproute2 print empty objects for devices that are filtered out. */
function isNamed(link: JsonRecord): boolean {
  return typeof link["ifname"] === "string" && typeof link["ifindex"] === "number";
}

function readInterface(link: JsonRecord): NetworkInterface {
  const flags = Array.isArray(link["flags"]) ? link["flags"] : [];
  const info = isRecord(link["linkinfo"]) ? link["linkinfo"] : {};
  const addresses = (Array.isArray(link["addr_info"]) ? link["addr_info"] : []).filter(isRecord);
  const primaryFirst = addresses.toSorted((a, b) => Number(a["secondary"] === true) - Number(b["secondary"] === true));
  const family = (name: string): string[] =>
    primaryFirst
      .filter((each) => each["family"] === name)
      .map((each) => `${text(each["local"])}/${Number(each["prefixlen"])}`);
  return {
    name: text(link["ifname"]) ?? "",
    index: Number(link["ifindex"]),
    mac: link["link_type"] === "ether" ? text(link["address"]) : undefined,
    mtu: Number(link["mtu"] ?? 0),
    up: flags.includes("UP") && (flags.includes("LOWER_UP") || link["operstate"] === "UNKNOWN"),
    loopback: flags.includes("LOOPBACK"),
    kind: text(info["info_kind"]),
    vlan: readVlan(link, info),
    master: text(link["master"]),
    ipv4: family("inet"),
    ipv6: family("inet6"),
  };
}

function readVlan(link: JsonRecord, info: JsonRecord): NetworkInterface["vlan"] {
  const data = isRecord(info["info_data"]) ? info["info_data"] : {};
  const [vid, parent] = [data["id"], text(link["link"])];
  return info["info_kind"] === "vlan" && typeof vid === "number" && parent !== undefined ? { vid, parent } : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

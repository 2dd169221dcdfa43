/** How the value of an option is written, for reading and for printing. */
export type OptionKind =
  | "address"
  | "addresses"
  | "u8"
  | "u16"
  | "u32"
  | "u16s"
  | "codes"
  | "text"
  | "domains"
  | "messageType"
  | "encapsulated"
  | "agent"
  | "guid"
  | "userClass"
  | "bytes";

/** One DHCP option: IANA's code, a short name, the form of its value. */
export interface OptionKnown {
  name: string;
  kind: OptionKind;
}

/** Codes used by name in this repository (RFC 2132 unless said). */
export const OptionCode = {
  subnetMask: 1,
  router: 3,
  dnsServers: 6,
  hostname: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcastAddress: 28,
  ntpServers: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterList: 55,
  message: 56,
  largestMessage: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  serverName: 66,
  bootFile: 67,
  /** RFC 3004 */
  userClass: 77,
  /** RFC 4702 */
  clientFqdn: 81,
  /** RFC 3046 */
  relayAgent: 82,
  /** RFC 4578 */
  clientArchitecture: 93,
  clientInterface: 94,
  clientGuid: 97,
  /** RFC 3011 */
  subnetSelection: 118,
  /** RFC 3397 */
  domainSearch: 119,
  tftpServers: 150,
  /** iPXE's encapsulated options */
  ipxe: 175,
  /** RFC 5071 */
  pxelinuxConfigFile: 209,
  pxelinuxPathPrefix: 210,
} as const;

/** Names and forms of the options that are printed with more than their bytes. */
export const knownOptions: ReadonlyMap<number, OptionKnown> = new Map<number, OptionKnown>([
  [1, { name: "subnet-mask", kind: "address" }],
  [2, { name: "time-offset", kind: "u32" }],
  [3, { name: "routers", kind: "addresses" }],
  [4, { name: "time-servers", kind: "addresses" }],
  [6, { name: "dns-servers", kind: "addresses" }],
  [7, { name: "log-servers", kind: "addresses" }],
  [12, { name: "host-name", kind: "text" }],
  [13, { name: "boot-file-size", kind: "u16" }],
  [15, { name: "domain-name", kind: "text" }],
  [17, { name: "root-path", kind: "text" }],
  [26, { name: "interface-mtu", kind: "u16" }],
  [28, { name: "broadcast-address", kind: "address" }],
  [42, { name: "ntp-servers", kind: "addresses" }],
  [43, { name: "vendor-specific", kind: "encapsulated" }],
  [44, { name: "netbios-name-servers", kind: "addresses" }],
  [50, { name: "requested-address", kind: "address" }],
  [51, { name: "lease-time", kind: "u32" }],
  [52, { name: "option-overload", kind: "u8" }],
  [53, { name: "message-type", kind: "messageType" }],
  [54, { name: "server-identifier", kind: "address" }],
  [55, { name: "parameter-request-list", kind: "codes" }],
  [56, { name: "message", kind: "text" }],
  [57, { name: "maximum-message-size", kind: "u16" }],
  [58, { name: "renewal-time", kind: "u32" }],
  [59, { name: "rebinding-time", kind: "u32" }],
  [60, { name: "vendor-class", kind: "text" }],
  [61, { name: "client-identifier", kind: "bytes" }],
  [66, { name: "tftp-server-name", kind: "text" }],
  [67, { name: "boot-file", kind: "text" }],
  [77, { name: "user-class", kind: "userClass" }],
  [81, { name: "client-fqdn", kind: "bytes" }],
  [82, { name: "relay-agent", kind: "agent" }],
  [93, { name: "client-architecture", kind: "u16s" }],
  [94, { name: "client-interface", kind: "bytes" }],
  [97, { name: "client-guid", kind: "guid" }],
  [100, { name: "posix-timezone", kind: "text" }],
  [101, { name: "tz-name", kind: "text" }],
  [108, { name: "ipv6-only-preferred", kind: "u32" }],
  [114, { name: "captive-portal", kind: "text" }],
  [118, { name: "subnet-selection", kind: "address" }],
  [119, { name: "domain-search", kind: "domains" }],
  [121, { name: "classless-routes", kind: "bytes" }],
  [125, { name: "vendor-identifying", kind: "bytes" }],
  [150, { name: "tftp-servers", kind: "addresses" }],
  [175, { name: "ipxe", kind: "encapsulated" }],
  [209, { name: "pxelinux-config-file", kind: "text" }],
  [210, { name: "pxelinux-path-prefix", kind: "text" }],
]);

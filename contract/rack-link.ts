import { z } from "zod";
import { bootDecision, bootRequest } from "./boot.ts";
import { bootForesight, rackExplainRequest, rackExplanation } from "./boot-explain.ts";
import { rackEvent } from "./events.ts";
import { failure } from "./failures.ts";
import { imageFile } from "./images.ts";
import { hostname, instant, ipv4Address, ipv4Cidr, macAddress } from "./values.ts";

/**
 * The rack link: one WebSocket per rack, opened by the rack to `/rack/v1/link`, JSON text frames.
 *
 * Handshake (each side proves it knows the rack's secret, the secret never travels):
 *   region → rack  {"challenge": hex}
 *   rack → region  {"rack": name, "nonce": hex, "proof": hex HMAC-SHA256(secret, "rack|name|challenge|nonce")}
 *   region → rack  {"proof": hex HMAC-SHA256(secret, "region|name|nonce|challenge")}
 * Then both sides send requests {"id", "method", "params"} and answers {"id", "result"} or {"id", "error"}.
 */
export const linkChallenge = z.object({ challenge: z.string().regex(/^[0-9a-f]{64}$/) });
export const linkProof = z.object({
  rack: hostname,
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});
export const linkAccepted = z.object({ proof: z.string().regex(/^[0-9a-f]{64}$/) });

export const linkRequest = z.object({ id: z.int(), method: z.string(), params: z.unknown() });
export const linkResult = z.object({ id: z.int(), result: z.unknown() });
export const linkError = z.object({ id: z.int(), error: failure });

/** A subnet as a rack serves it. DHCP answers new machines only where `ranges` is not empty. */
export const rackSubnet = z.object({
  id: z.int(),
  cidr: ipv4Cidr,
  gateway: ipv4Address.nullable(),
  dns_servers: z.array(ipv4Address),
  ntp_servers: z.array(ipv4Address),
  domain: z.string(),
  mtu: z.int().nullable(),
  dhcp: z.boolean(),
  ranges: z.array(z.object({ first: ipv4Address, last: ipv4Address })),
});
export type RackSubnet = z.infer<typeof rackSubnet>;

/** Everything a rack must know to serve without asking. Whole document; `version` grows. */
export const rackConfig = z.object({
  version: z.int(),
  subnets: z.array(rackSubnet),
  hosts: z.array(
    z.object({
      mac: macAddress,
      address: ipv4Address,
      subnet_id: z.int(),
      hostname: z.string().nullable().describe("null: a card nobody knows, which an address is reserved for"),
    }),
  ),
  leases: z.array(
    z.object({
      mac: macAddress,
      address: ipv4Address,
      subnet_id: z.int(),
      expires_at: instant,
      hostname: z.string().nullable(),
    }),
  ),
  loaders: z.array(imageFile).describe("boot loader files by the name a firmware asks for"),
  images: z.array(imageFile).describe("files to keep at hand"),
  racks: z
    .array(ipv4Address)
    .optional()
    .describe("addresses of all racks of the region: DHCP answers from them are not a stranger's"),
});
export type RackConfig = z.infer<typeof rackConfig>;

export const rackInterface = z.object({
  name: z.string(),
  mac: macAddress.nullable(),
  addresses: z.array(ipv4Cidr),
  vlan: z
    .object({ vid: z.int().min(0).max(4094), parent: z.string() })
    .optional()
    .describe("a device for one tag (IEEE 802.1Q) of another device; left out: untagged"),
});
export type RackInterface = z.infer<typeof rackInterface>;

const leaseRefused = z.object({
  refused: z.enum(["no-free-address", "unknown-subnet", "address-in-use", "not-yours"]),
  reason: z.string(),
});
export const leaseOfferRequest = z.object({
  mac: macAddress,
  subnet_id: z.int(),
  requested: ipv4Address.nullable(),
  hostname: z.string().max(255).nullable(),
  firmware: z.boolean().describe("a boot firmware asks: short lease"),
});
export type LeaseOfferRequest = z.infer<typeof leaseOfferRequest>;
export const leaseGrant = z.object({
  address: ipv4Address,
  lease_seconds: z.int().positive(),
  hostname: z.string().nullable(),
});
export type LeaseGrant = z.infer<typeof leaseGrant>;
export const leaseOfferAnswer = z.union([leaseGrant, leaseRefused]);
export type LeaseOfferAnswer = z.infer<typeof leaseOfferAnswer>;
export const leaseCommitRequest = z.object({
  mac: macAddress,
  subnet_id: z.int(),
  address: ipv4Address,
  lease_seconds: z.int().positive(),
  hostname: z.string().max(255).nullable(),
});
export type LeaseCommitRequest = z.infer<typeof leaseCommitRequest>;
export const leaseCommitAnswer = z.union([leaseGrant, leaseRefused]);
export type LeaseCommitAnswer = z.infer<typeof leaseCommitAnswer>;
/** What an offer would be, and how its address would be chosen. */
export const leaseForesight = z.object({ answer: leaseOfferAnswer, how: z.string() });
export type LeaseForesight = z.infer<typeof leaseForesight>;
export const leaseReport = z.object({
  action: z.enum(["release", "decline"]),
  mac: macAddress,
  subnet_id: z.int(),
  address: ipv4Address,
});

export const powerAction = z.enum(["on", "off", "cycle", "query"]);
export type PowerAction = z.infer<typeof powerAction>;
export const powerState = z.enum(["on", "off", "unknown", "error"]);
export type PowerState = z.infer<typeof powerState>;
export const powerRequest = z.object({
  driver: z.enum(["ipmi", "manual"]),
  parameters: z.record(z.string(), z.string()),
  action: powerAction,
  boot_device: z.enum(["pxe", "disk"]).nullable(),
  stop_mode: z.enum(["hard", "soft"]).default("hard"),
  within_seconds: z
    .number()
    .positive()
    .optional()
    .describe("how long the answer is worth something: the rack gives up before, and says why"),
});
export type PowerRequest = z.infer<typeof powerRequest>;

/** Methods a rack may call on the region. */
export const regionMethods = {
  "rack.hello": {
    params: z.object({ version: z.string(), http_port: z.int(), interfaces: z.array(rackInterface).max(4096) }),
    result: rackConfig,
  },
  "lease.offer": {
    params: z.object({ requests: z.array(leaseOfferRequest).max(1000) }),
    result: z.object({ answers: z.array(leaseOfferAnswer) }),
  },
  "lease.commit": {
    params: z.object({ requests: z.array(leaseCommitRequest).max(1000) }),
    result: z.object({ answers: z.array(leaseCommitAnswer) }),
  },
  "lease.report": { params: z.object({ reports: z.array(leaseReport).max(1000) }), result: z.object({}) },
  "boot.decide": { params: bootRequest, result: bootDecision },
  /** As `boot.decide` and `lease.offer`, for an operator who asks what would be: nothing is kept of it. */
  "boot.foresee": { params: bootRequest, result: bootForesight },
  "lease.foresee": { params: leaseOfferRequest, result: leaseForesight },
  "events.report": {
    params: z.object({
      boot: z.string().describe("identity of this run of the rack process"),
      events: z.array(rackEvent).max(1000),
    }),
    result: z.object({ through: z.int() }),
  },
} as const;

/** Methods the region may call on a rack. */
export const rackMethods = {
  "config.update": { params: rackConfig, result: z.object({}) },
  "power.perform": { params: powerRequest, result: z.object({ state: powerState }) },
  "boot.explain": { params: rackExplainRequest, result: rackExplanation },
} as const;

export type RegionMethod = keyof typeof regionMethods;
export type RackMethod = keyof typeof rackMethods;

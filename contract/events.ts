import { z } from "zod";
import { failure } from "./failures.ts";
import { instant, macAddress, systemId } from "./values.ts";

/**
 * Every kind of event. The first part names who speaks: `machine` what happened to a machine's life, `power` its BMC,
 * `dhcp`/`tftp`/`http`/`boot` what was seen on the wire, `agent` what the program on the machine reports, `cloudinit`
 * what the installed system reports, `rack`, `region`, `image`, `user`, `network` the rest. What ends in `.changed`, and
 * `machine.action` and `machine.deleted`, are deeds of users: the audit log (`kind=audit`), with `data.before` and
 * `data.after` of the fields that changed.
 */
export const eventTypes = [
  "machine.enlisted",
  "machine.status",
  "machine.action",
  "machine.failed",
  "machine.inventory",
  "machine.deleted",
  "machine.ssh",
  "power.requested",
  "power.done",
  "power.failed",
  "power.state",
  "dhcp.discover",
  "dhcp.offer",
  "dhcp.request",
  "dhcp.ack",
  "dhcp.nak",
  "dhcp.decline",
  "dhcp.release",
  "dhcp.inform",
  "dhcp.malformed",
  "dhcp.refused",
  "tftp.request",
  "tftp.done",
  "tftp.failed",
  "http.request",
  "http.done",
  "http.failed",
  "boot.decided",
  "agent.started",
  "agent.step",
  "agent.progress",
  "agent.result",
  "agent.log",
  "agent.finished",
  "cloudinit.progress",
  "metadata.denied",
  "rack.connected",
  "rack.disconnected",
  "rack.problem",
  "region.started",
  "image.registered",
  "image.problem",
  "network.problem",
  "user.changed",
  "rack.changed",
  "region.changed",
  "session.changed",
  "group.changed",
  "provider.changed",
  "secret.changed",
  "token.changed",
  "ssh-key.changed",
  "ssl-key.changed",
  "setting.changed",
  "subnet.changed",
  "ip-address.changed",
  "reserved-ip.changed",
  "static-route.changed",
  "ip-range.changed",
  "space.changed",
  "vlan.changed",
  "fabric.changed",
  "interface.changed",
  "device.changed",
  "domain.changed",
  "dns-resource.changed",
  "discovery.changed",
  "image.changed",
  "pool.changed",
  "zone.changed",
  "tag.changed",
  "script.changed",
  "webhook.changed",
  "webhook.disabled",
  "notification.changed",
  "package-repository.changed",
  "license-key.changed",
  "boot-source.changed",
  "file.changed",
] as const;
export const eventType = z.enum(eventTypes);
export type EventType = z.infer<typeof eventType>;

export const eventLevel = z.enum(["debug", "info", "warning", "error"]);
export type EventLevel = z.infer<typeof eventLevel>;

/** Kinds of events that can be asked for: `audit` is what users did. */
export const eventKind = z.enum(["audit"]);
export type EventKind = z.infer<typeof eventKind>;

/** One row of the append-only stream. `id` grows and is the cursor to resume from. */
export const event = z.object({
  id: z.int().nonnegative(),
  at: instant,
  type: eventType,
  level: eventLevel,
  machine_id: systemId.nullable(),
  mac: macAddress.nullable(),
  rack: z.string().nullable(),
  actor: z.string().nullable().describe("who caused it: a user name, 'machine', 'rack' or 'region'"),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
  failure: failure.nullable(),
});
export type Event = z.infer<typeof event>;

/** What a rack saw, before the region gives it a place in the stream. `sequence` lets the region drop repeats. */
export const rackEvent = z.object({
  sequence: z.int().nonnegative(),
  at: instant,
  type: eventType,
  level: eventLevel.default("info"),
  mac: macAddress.nullable().default(null),
  address: z.string().nullable().default(null),
  message: z.string().max(2000),
  data: z.record(z.string(), z.unknown()).default({}),
  failure: failure.nullable().default(null),
});
export type RackEvent = z.infer<typeof rackEvent>;
/** What rack services hand to their `emit` argument; the link adds sequence and time. */
export type RackEventInput = Pick<RackEvent, "type" | "message"> & Partial<Omit<RackEvent, "sequence" | "at">>;

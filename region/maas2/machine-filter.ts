import type { MachineStatus } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import * as is from "../machines/constraints.ts";
import { deviceCondition } from "../machines/device-wish.ts";
import { type InterfaceWish, parseInterfacesWish } from "../machines/interfaces-wish.ts";
import * as net from "../machines/network-constraints.ts";
import { mayHaveStorage, storageFor } from "../machines/storage-constraint.ts";
import { type StorageWish, parseStorageWish } from "../machines/storage-wish.ts";
import { simpleStatuses, statusFilterWords, statusesFor } from "./machine-status.ts";
import { decimal, list, text } from "./parameters.ts";

type Db = Kysely<Tables>;

/** Numbers of which the smallest counts. */
const decimals = (doc: string) =>
  z.array(decimal(doc)).max(1000).default([]).describe(doc).meta({ type: "Float", list: true });

/** What machines can be asked for by, in a list and in an allocation. */
const selection = {
  arch: list("Architectures, such as amd64 or amd64/generic; one of them."),
  not_arch: list("Architectures it must not have."),
  cpu_count: decimals("CPU threads at least."),
  mem: decimals("Memory at least, in MiB."),
  cpu_speed: decimals("Processor speed at least, in MHz."),
  tags: list("Tags it must all have."),
  not_tags: list("Tags none of which it may have."),
  zone: list("Zones; one of them."),
  not_in_zone: list("Zones it must not be in."),
  pool: list("Resource pools; one of them."),
  not_in_pool: list("Resource pools it must not be in."),
  fabrics: list("Names of fabrics; an interface in one of them."),
  not_fabrics: list("Names of fabrics none of its interfaces may be in."),
  fabric_classes: list("Classes of fabrics; an interface in one of them."),
  not_fabric_classes: list("Classes of fabrics none of its interfaces may be in."),
  subnets: list("Subnets it must all be linked to: id, name, CIDR, or type:value."),
  not_subnets: list("Subnets it must not be linked to."),
  vlans: list("VLANs; an interface on one of them."),
  not_vlans: list("VLANs none of its interfaces may be on."),
  link_speed: decimals("Speed of some link at least, in Mbit/s."),
  owner: list("Owners; one of them."),
  not_owner: list("Owners it must not have."),
  power_state: list("Power states: on, off, unknown, error."),
  not_power_state: list("Power states it must not be in."),
  deployment_target: list("Where its system runs: memory or disk."),
  not_deployment_target: list("Where its system must not run."),
  storage: text("Disks and partitions: [label:]size[(tag,…)],… with sizes in GB; the first is the root.").optional(),
  interfaces: text("Interfaces: label:key=value,…;label2:…").optional(),
  devices: text("A PCI or USB device: key=value,…").optional(),
};

/** Names of an allocation that select nothing; a list ignores them. */
const control = (doc: string) =>
  z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe(doc);
const controls = {
  comment: control("Ignored here."),
  bridge_all: control("Ignored here."),
  bridge_type: control("Ignored here."),
  bridge_stp: control("Ignored here."),
  bridge_fd: control("Ignored here."),
  dry_run: control("Ignored here."),
  verbose: control("Ignored here."),
};

/** What an allocation selects by. */
export const allocationParameters = z.object({
  ...selection,
  name: list("Host names, alone or with their domain."),
  system_id: list("System ids; one of them."),
});

/** What a list of machines is narrowed by. */
export const listParameters = z.object({
  ...selection,
  ...controls,
  id: list("System ids; one of them."),
  system_id: list("System ids; one of them."),
  not_id: list("System ids it must not have."),
  hostname: list("Host names; one of them."),
  not_hostname: list("Host names it must not have."),
  mac_address: list("MAC addresses; one of its interfaces."),
  domain: list("Domains; one of them."),
  not_domain: list("Domains it must not be in."),
  agent_name: list("Agent names; one of them."),
  not_agent_name: list("Agent names it must not have."),
  status: list("Statuses; one of them."),
  not_status: list("Statuses it must not be in."),
  simple_status: list("Simplified statuses; one of them."),
  not_simple_status: list("Simplified statuses it must not be in."),
});

type Selection = {
  [K in keyof Omit<z.output<typeof listParameters>, "agent_name" | keyof typeof controls>]?: z.output<
    typeof listParameters
  >[K];
} & {
  name?: string[];
  agent_name?: string | string[];
};
export type Selected = {
  condition: is.Condition;
  storage: StorageWish[];
  interfaces: InterfaceWish[];
};

const lists = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(/[\s,]+/)).filter((word) => word !== "");
const least = (values: readonly number[]): number => Math.min(...values);
const mebibyte = 2 ** 20;

/**
 * What a client asks for, as a condition on `machines`. That of `storage` is only what one look at the disks can say; who
 * wants all of it uses the wishes.
 *
 * @throws InputError keyed by the parameter
 */
export async function selectionOf(db: Db, wanted: Selection): Promise<Selected> {
  const conditions: is.Condition[] = [];
  type ListName = { [K in keyof Selection]-?: NonNullable<Selection[K]> extends string[] ? K : never }[keyof Selection];
  type NumbersName = "cpu_count" | "mem" | "cpu_speed" | "link_speed";
  const each = async (
    name: ListName,
    make: (values: string[]) => is.Condition | Promise<is.Condition>,
  ): Promise<void> => {
    const values = wanted[name] ?? [];
    if (values.length > 0) conditions.push(await make([...new Set(values)]));
  };
  const number = (name: NumbersName, make: (least: number) => is.Condition): void => {
    const values = wanted[name] ?? [];
    if (values.length > 0) conditions.push(make(least(values)));
  };
  const none = { none: true };

  await each("id", (ids) => is.oneOf("id", ids));
  await each("system_id", (ids) => is.oneOf("id", ids));
  await each("not_id", (ids) => is.oneOf("id", ids, none));
  await each("name", is.named);
  await each("hostname", (names) => is.oneOf("hostname", names));
  await each("not_hostname", (names) => is.oneOf("hostname", names, none));
  await each("mac_address", (macs) => is.withCards("mac_address", macs));
  await each("domain", (names) => is.oneOf("domain", names));
  await each("not_domain", (names) => is.oneOf("domain", names, none));
  // Of an allocation it says who asks, and selects nothing.
  if (Array.isArray(wanted.agent_name) && wanted.agent_name.length > 0)
    conditions.push(is.oneOf("agent_name", wanted.agent_name));
  await each("not_agent_name", (names) => is.oneOf("agent_name", names, none));
  for (const [name, options] of [
    ["status", {}],
    ["not_status", none],
  ] as const)
    await each(name, (words) => is.oneOf("status", statuses(name, "word", statusFilterWords, words), options));
  for (const [name, options] of [
    ["simple_status", {}],
    ["not_simple_status", none],
  ] as const)
    await each(name, (words) => is.oneOf("status", statuses(name, "simple", simpleStatuses, words), options));
  await each("arch", (words) => is.ofArchitecture("arch", words));
  await each("not_arch", (words) => is.ofArchitecture("not_arch", words, none));
  number("cpu_count", (threads) => is.atLeast("cpu_count", threads));
  number("mem", (mebibytes) => is.atLeast("memory", mebibytes * mebibyte));
  number("cpu_speed", (mhz) => is.atLeast("cpu_speed", mhz));
  await each("tags", (words) => is.withTags(db, "tags", [...new Set(lists(words))]));
  await each("not_tags", (words) => is.withoutTags(db, "not_tags", lists(words), "ignored"));
  await each("zone", (names) => is.inPlaces(db, "zone", "zone", names));
  await each("not_in_zone", (names) => is.inPlaces(db, "zone", "not_in_zone", names, none));
  await each("pool", (names) => is.inPlaces(db, "pool", "pool", names));
  await each("not_in_pool", (names) => is.inPlaces(db, "pool", "not_in_pool", names, none));
  await each("owner", (names) => is.ownedBy(db, "owner", names));
  await each("not_owner", (names) => is.ownedBy(db, "not_owner", names, none));
  for (const [name, options] of [
    ["power_state", {}],
    ["not_power_state", none],
  ] as const)
    // Some clients write the `=` of an exact search.
    await each(name, (words) =>
      is.inPowerState(
        name,
        words.map((word) => word.replace(/^=/, "")),
        options,
      ),
    );
  for (const [name, options] of [
    ["deployment_target", {}],
    ["not_deployment_target", none],
  ] as const)
    await each(name, (words) =>
      is.deployedTo(
        words.map((word) => target(name, word)),
        options,
      ),
    );
  await each("fabrics", (names) => net.inFabrics(names));
  await each("not_fabrics", (names) => net.inFabrics(names, none));
  await each("fabric_classes", (classes) => net.inFabricClasses(classes));
  await each("not_fabric_classes", (classes) => net.inFabricClasses(classes, none));
  await each("subnets", (specifiers) => net.onSubnets(db, "subnets", specifiers));
  await each("not_subnets", (specifiers) => net.offSubnets(db, specifiers));
  await each("vlans", (specifiers) => net.onVlans(specifiers));
  await each("not_vlans", (specifiers) => net.onVlans(specifiers, none));
  number("link_speed", (speed) => net.linkedWith(speed));
  if (wanted.devices) conditions.push(deviceCondition(wanted.devices));
  const storage = wanted.storage ? parseStorageWish(wanted.storage) : [];
  const interfaces = wanted.interfaces ? parseInterfacesWish(wanted.interfaces) : [];
  if (storage.length > 0) conditions.push(mayHaveStorage(storage));
  if (interfaces.length > 0) conditions.push(net.withInterfaces(interfaces));
  return { condition: is.all(conditions), storage, interfaces };
}

function statuses(
  field: string,
  kind: "word" | "simple",
  allowed: readonly string[],
  words: readonly string[],
): MachineStatus[] {
  const unknown = words.find((word) => !allowed.includes(word));
  if (unknown !== undefined)
    throw InputError.field(
      field,
      unknown.slice(0, 100),
      `'${unknown.slice(0, 100)}' is not one of ${allowed.join(", ")}.`,
    );
  return words.flatMap((word) => statusesFor(kind, word));
}

function target(field: string, word: string): "memory" | "disk" {
  if (word === "memory" || word === "disk") return word;
  throw InputError.field(field, word.slice(0, 100), "must be memory or disk");
}

/** The condition of a list: with `storage`, of the machines among those visible whose disks fit at once. */
export async function listCondition(db: Db, wanted: Selection, visible: is.Condition): Promise<is.Condition> {
  const { condition, storage } = await selectionOf(db, wanted);
  const shown = is.all([visible, condition]);
  if (storage.length === 0) return shown;
  const { rows } = await sql<{ id: string }>`select id from machines where ${shown}`.execute(db);
  const fitting = await storageFor(
    db,
    rows.map(({ id }) => id),
    storage,
  );
  return is.oneOf("id", [...fitting.keys()]);
}

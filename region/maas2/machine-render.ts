import type { ResultType, ScriptStatus } from "@rackwright/contract";
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { eventWords } from "./event-words.ts";
import { type Interface, loadInterfaces } from "../interfaces/read.ts";
import { interfaceFields, naming, networkSummary, renderLink, shownLeases } from "./interface-render.ts";
import { JsonBytes, type Span } from "./json-bytes.ts";
import { type MachineResults, type MachineViewRow, type Position, machineRows, resultsOf } from "./machine-rows.ts";
import { statusWords } from "./machine-status.ts";
import { type Surroundings, loadSurroundings, systemOf } from "./machine-surroundings.ts";
import { aggregate } from "./result-status.ts";
import { type RenderedStorage, renderStorage } from "./storage-render.ts";

const base = "/MAAS/api/2.0";
/** Machines of one page: as much as is held in memory of a list of any length. */
const pageSize = 100;

/** Everything a page of machines is rendered of. */
type Page = {
  rows: Awaited<ReturnType<typeof machineRows>>;
  results: Awaited<ReturnType<typeof resultsOf>>;
  interfaces: Map<string, Interface[]>;
  storages: Awaited<ReturnType<typeof renderStorage>>;
};
type Reading = { now: Date; after?: Position | undefined; limit?: number | undefined };

/** @param onRows told which machines are on the page, before the rest is read */
async function readPage(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  around: Surroundings,
  { now, after, limit }: Reading,
  onRows: (rows: Page["rows"]) => void = () => {},
): Promise<Page> {
  const rows = await machineRows(db, where, { after, limit });
  onRows(rows);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return { rows, results: new Map(), interfaces: new Map(), storages: new Map() };
  return {
    rows,
    results: await resultsOf(db, ids),
    interfaces: await loadInterfaces(db, { nodes: ids }, now),
    storages: await renderStorage(db, ids),
  };
}

/** The machines of a page with commas between them. */
function pageBytes(page: Page, around: Surroundings, constraints = "null"): Buffer {
  const out = new JsonBytes(around.shared, page.rows.length * 16 * 1024);
  for (const row of page.rows) {
    const storage = page.storages.get(row.id);
    if (storage === undefined) continue;
    if (out.length > 0) out.raw(",");
    const interfaces = page.interfaces.get(row.id) ?? [];
    const results = page.results.get(row.id) ?? noResults;
    writeMachine(out, row, around, { results, interfaces, storage, constraints });
  }
  return out.end();
}

/**
 * Machines as JSON with commas between them, page by page, in the order in which they were made. A page is read in one snapshot, so that what
 * belongs together fits together; no connection is held between pages. The next page is read while one is sent.
 */
export async function* machinePages(db: Kysely<Tables>, where: RawBuilder<boolean>, now: Date): AsyncGenerator<Buffer> {
  const around = await loadSurroundings(db);
  const begin = (after?: Position) => {
    const ahead = Promise.withResolvers<Position | null>();
    const page = db
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only")
      .execute((tx) =>
        readPage(tx, where, around, { now, after, limit: pageSize }, (rows) => {
          const last = rows.at(-1);
          ahead.resolve(rows.length < pageSize || !last ? null : { created: last.created, id: last.id });
        }),
      );
    page.catch(ahead.reject);
    ahead.promise.catch(() => {});
    return { page, ahead: ahead.promise };
  };
  for (let current = begin(); ;) {
    const position = await current.ahead;
    const next = position === null ? null : begin(position);
    const bytes = pageBytes(await current.page, around);
    if (bytes.length > 0) yield bytes;
    if (next === null) return;
    current = next;
  }
}

/** A list of machines as JSON in pieces, for `chunks` of an answer. */
export async function* machineList(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  now: Date,
): AsyncGenerator<string | Buffer> {
  let begun = "[";
  for await (const page of machinePages(db, where, now)) {
    yield begun;
    yield page;
    begun = ",";
  }
  yield begun === "[" ? "[]" : "]";
}

/** One machine as JSON; null when there is none. `constraints` is JSON of what an allocation chose. */
export async function machineById(
  db: Kysely<Tables>,
  id: string,
  now: Date,
  constraints = "null",
): Promise<Buffer | null> {
  const around = await loadSurroundings(db);
  const bytes = pageBytes(await readPage(db, sql<boolean>`machines.id = ${id}`, around, { now }), around, constraints);
  return bytes.length === 0 ? null : bytes;
}

const noResults: MachineResults = { sets: {}, statuses: [] };
type Parts = {
  results: MachineResults;
  interfaces: readonly Interface[];
  storage: RenderedStorage;
  constraints: string;
};

function writeMachine(
  out: JsonBytes,
  row: MachineViewRow,
  around: Surroundings,
  { results, interfaces, storage, constraints }: Parts,
): void {
  const system = systemOf(row, around);
  const domain = around.domains.get(row.domain_id);
  const status = statusWords[row.status];
  const summary = networkSummary(interfaces, around.networks);
  out.open({
    system_id: row.id,
    hostname: row.hostname,
    fqdn: domain === undefined ? row.hostname : `${row.hostname}.${domain.name}`,
    description: row.description,
    hardware_uuid: row.uuid,
    owner: row.owner,
    tag_names: row.tags,
    locked: row.locked,
    node_type: 0,
    node_type_name: "Machine",
    parent: null,
    address_ttl: row.address_ttl,
    status: status.code,
    status_name: status.name,
    ...toldOf(row),
    error_description: row.failure ?? "",
    power_state: row.power_state,
    power_type: row.power_driver ?? "",
    netboot: row.netboot,
    ephemeral_deploy: row.ephemeral,
    enable_hw_sync: row.enable_hw_sync,
    // Nothing reports the hardware of installed systems yet.
    last_sync: null,
    next_sync: null,
    sync_interval: null,
    enable_kernel_crash_dump: row.enable_kernel_crash_dump,
    is_dpu: row.is_dpu,
    osystem: system.os,
    distro_series: system.release,
    hwe_kernel: row.hwe_kernel === "" ? null : row.hwe_kernel,
    min_hwe_kernel: row.min_hwe_kernel,
    architecture: row.architecture === null ? null : `${row.architecture}/generic`,
    bios_boot_method: row.firmware === null ? null : row.firmware === "uefi" ? "uefi" : "pxe",
    cpu_count: row.cpu_count ?? 0,
    cpu_speed: row.cpu_speed ?? 0,
    memory: Math.floor((row.memory ?? 0) / 2 ** 20),
    swap_size: row.swap_size,
    storage: (row.storage ?? 0) / 1e6,
    ip_addresses: summary.ip_addresses,
    default_gateways: summary.default_gateways,
    disable_ipv4: false,
    virtualmachine_id: null,
    ...resultFields(results),
    resource_uri: `${base}/machines/${row.id}/`,
    volume_groups: storage.volume_groups,
    raids: storage.raids,
    bcaches: storage.bcaches,
    cache_sets: storage.cache_sets,
    special_filesystems: storage.special_filesystems,
  });
  out.field("domain").shared(domain);
  out.field("zone").shared(around.zones.get(row.zone_id));
  out.field("pool").shared(around.pools.get(row.pool_id));
  out.field("owner_data").text(row.annotations);
  out.field("workload_annotations").text(row.annotations);
  out.field("hardware_info").text(row.hardware_info);
  out.field("numanode_set").text(row.numa_nodes);
  const called = naming(interfaces);
  const cards = out.field("interface_set").list(interfaces, (one) => writeInterface(out, one, around, called));
  const boot = interfaces.findIndex(({ mac, type }) => mac === row.boot_mac && type === "physical");
  out.field("boot_interface").again(cards[boot]);
  const devices = storage.blockdevice_set;
  const spans = out.field("blockdevice_set").list(devices, (device) => out.json(device));
  const ofType = (type: string): Span[] => spans.filter((_span, index) => devices[index]?.type === type);
  out.field("physicalblockdevice_set").list(ofType("physical"), (span) => out.again(span));
  out.field("virtualblockdevice_set").list(ofType("virtual"), (span) => out.again(span));
  out.field("boot_disk").again(spans[devices.findIndex(({ id }) => id === storage.boot_disk?.id)]);
  // What an allocation chose; elsewhere there is nothing to say.
  out.field("constraints_by_type").text(constraints).raw("}");
}

/** An interface; VLANs and subnets are the same for thousands. */
function writeInterface(
  out: JsonBytes,
  one: Interface,
  { networks }: Surroundings,
  called: ReturnType<typeof naming>,
): void {
  const onSubnet = ({ subnet, ...fields }: { id?: number; subnet?: object }): void => {
    out.open(fields);
    if (subnet !== undefined) out.field("subnet").shared(subnet);
    out.raw("}");
  };
  out.open(interfaceFields(one, networks, called));
  out.field("vlan").shared(one.vlan_id === null ? null : networks.vlan(one.vlan_id));
  out.field("links").list(one.links, (link) => onSubnet(renderLink(link, networks)));
  const leases = shownLeases(one, networks);
  out.field("discovered");
  if (leases === null) out.raw("null");
  else out.list(leases, onSubnet);
  out.raw("}");
}

/** What MAAS calls the newest event that is worth telling. */
function toldOf({ event_type, event_message }: MachineViewRow) {
  if (event_type === null) return { status_action: null, status_message: null };
  return { status_action: "", status_message: `${eventWords(event_type)} - ${event_message ?? ""}` };
}

/** Kinds of results by MAAS's names: of which set, and about what hardware (undefined: all of it). */
const resultKinds: readonly [string, ResultType, string?][] = [
  ["commissioning", "commissioning"],
  ["testing", "testing"],
  ["cpu_test", "testing", "cpu"],
  ["memory_test", "testing", "memory"],
  ["network_test", "testing", "network"],
  ["storage_test", "testing", "storage"],
  ["other_test", "testing", "node"],
  ["interface_test", "testing", "network"],
];

/** Numbers of the newest results, and how each kind of them stands. */
export function resultFields({ sets, statuses }: MachineResults): Record<string, number | string | null> {
  const fields: Record<string, number | string | null> = {
    current_commissioning_result_id: sets.commissioning ?? null,
    current_testing_result_id: sets.testing ?? null,
    current_installation_result_id: sets.installation ?? null,
  };
  for (const [name, type, hardware] of resultKinds) {
    const found: ScriptStatus[] = [];
    for (const one of statuses)
      if (one.type === type && (hardware === undefined || one.hardware === hardware)) found.push(...one.statuses);
    const words = aggregate(found);
    fields[`${name}_status`] = words.code;
    fields[`${name}_status_name`] = words.name;
  }
  return fields;
}

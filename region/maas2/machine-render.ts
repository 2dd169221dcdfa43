import type { ResultType, ScriptStatus } from "@rackwright/contract";
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import { eventWords } from "./event-words.ts";
import { Fragments, asciiJson, escapeToAscii, withTexts } from "./fragment.ts";
import { type MaasInterface, type MaasNetwork, noNetwork, renderNetworking } from "./interface-render.ts";
import { type MachineResults, type MachineViewRow, type Position, machineRows, resultsOf } from "./machine-rows.ts";
import { statusWords } from "./machine-status.ts";
import { type Surroundings, loadSurroundings, systemOf } from "./machine-surroundings.ts";
import { aggregate } from "./result-status.ts";
import { type RenderedStorage, renderStorage } from "./storage-render.ts";

const base = "/MAAS/api/2.0";
/** Machines of one page: as much as is held in memory of a list of any length. */
const pageSize = 200;

/** Everything a page of machines is rendered of. */
type Page = {
  rows: Awaited<ReturnType<typeof machineRows>>;
  results: Awaited<ReturnType<typeof resultsOf>>;
  networks: Awaited<ReturnType<typeof renderNetworking>>;
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
  if (ids.length === 0) return { rows, results: new Map(), networks: new Map(), storages: new Map() };
  return {
    rows,
    results: await resultsOf(db, ids),
    networks: await renderNetworking(db, ids, { now, networks: around.networks }),
    storages: await renderStorage(db, ids),
  };
}

function pageTexts(page: Page, around: Surroundings, constraints = "null"): { id: string; text: string }[] {
  return page.rows.flatMap((row) => {
    const storage = page.storages.get(row.id);
    if (storage === undefined) return [];
    const network = page.networks.get(row.id) ?? noNetwork();
    const results = page.results.get(row.id) ?? noResults;
    return [{ id: row.id, text: machineText(row, around, { results, network, storage, constraints }) }];
  });
}

/**
 * Machines as JSON text, page by page, in the order in which they were made. A page is read in one snapshot, so that what
 * belongs together fits together; no connection is held between pages. The next page is read while one is sent.
 */
export async function* machinePages(
  db: Kysely<Tables>,
  where: RawBuilder<boolean>,
  now: Date,
): AsyncGenerator<{ id: string; text: string }[]> {
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
    const texts = pageTexts(await current.page, around);
    if (texts.length > 0) yield texts;
    if (next === null) return;
    current = next;
  }
}

/** A list of machines as JSON text in pieces, for `chunks` of an answer. */
export async function* machineList(db: Kysely<Tables>, where: RawBuilder<boolean>, now: Date): AsyncGenerator<string> {
  let text = "[";
  for await (const page of machinePages(db, where, now)) {
    yield text + page.map((one) => one.text).join(",");
    text = ",";
  }
  yield text === "[" ? "[]" : "]";
}

/** Machines by id as JSON text, in the order in which they were made. */
export async function machinesById(
  db: Kysely<Tables>,
  ids: readonly string[],
  now: Date,
  constraints = "null",
): Promise<string[]> {
  const condition = sql<boolean>`machines.id = any(${[...ids]}::text[])`;
  const around = await loadSurroundings(db);
  return pageTexts(await readPage(db, condition, around, { now }), around, constraints).map(({ text }) => text);
}

const noResults: MachineResults = { sets: {}, statuses: [] };
type Parts = { results: MachineResults; network: MaasNetwork; storage: RenderedStorage; constraints: string };

function machineText(
  row: MachineViewRow,
  around: Surroundings,
  { results, network, storage, constraints }: Parts,
): string {
  const { fragments } = around;
  const system = systemOf(row, around);
  const domain = around.domains.get(row.domain_id);
  const status = statusWords[row.status];
  const interfaces = network.interface_set.map((one) => interfaceText(one, fragments));
  const boot = network.interface_set.findIndex(
    ({ mac_address, type }) => mac_address === row.boot_mac && type === "physical",
  );
  const devices = storage.blockdevice_set.map((device) => ({ device, text: asciiJson(device) }));
  const ofType = (type: string) =>
    textsOf(devices.filter(({ device }) => device.type === type).map(({ text }) => text));
  const uri = `${base}/machines/${row.id}/`;
  const annotations = escapeToAscii(row.annotations);
  return withTexts(
    {
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
      ip_addresses: network.ip_addresses,
      default_gateways: network.default_gateways,
      disable_ipv4: false,
      virtualmachine_id: null,
      ...resultFields(results),
      resource_uri: uri,
      volume_groups: storage.volume_groups,
      raids: storage.raids,
      bcaches: storage.bcaches,
      cache_sets: storage.cache_sets,
      special_filesystems: storage.special_filesystems,
    },
    {
      domain: fragments.ofMaybe(domain),
      zone: fragments.ofMaybe(around.zones.get(row.zone_id)),
      pool: fragments.ofMaybe(around.pools.get(row.pool_id)),
      owner_data: annotations,
      workload_annotations: annotations,
      hardware_info: escapeToAscii(row.hardware_info),
      numanode_set: row.numa_nodes,
      interface_set: textsOf(interfaces),
      boot_interface: interfaces[boot] ?? "null",
      blockdevice_set: textsOf(devices.map(({ text }) => text)),
      physicalblockdevice_set: ofType("physical"),
      virtualblockdevice_set: ofType("virtual"),
      // What an allocation chose; elsewhere there is nothing to say.
      constraints_by_type: constraints,
      boot_disk: devices.find(({ device }) => device.id === storage.boot_disk?.id)?.text ?? "null",
    },
  );
}

const textsOf = (texts: readonly string[]): string => `[${texts.join(",")}]`;

/** An interface, with the texts of its VLAN and subnets made once for all. */
function interfaceText({ vlan, links, discovered, ...rest }: MaasInterface, fragments: Fragments): string {
  const onSubnet = ({ subnet, ...fields }: { subnet?: object }): string =>
    subnet === undefined ? asciiJson(fields) : withTexts(fields, { subnet: fragments.of(subnet) });
  return withTexts(rest, {
    vlan: fragments.ofMaybe(vlan as object | null),
    links: textsOf(links.map(onSubnet)),
    discovered: discovered ? textsOf((discovered as { subnet: object }[]).map(onSubnet)) : "null",
  });
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

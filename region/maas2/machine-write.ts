import { connect } from "../interfaces/read.ts";
import { eventWords } from "./event-words.ts";
import { cardFields, naming, networkSummary, renderLink, shownLeases } from "./interface-render.ts";
import type { JsonBytes } from "./json-bytes.ts";
import type { MachineRow, MachineViewRow } from "./machine-rows.ts";
import { statusWords } from "./machine-status.ts";
import { type Surroundings, systemOf, tagNames } from "./machine-surroundings.ts";
import { resultFields } from "./result-fields.ts";
import { writeStorage } from "./storage-text.ts";

const base = "/MAAS/api/2.0";

/** A machine with all that is shown of it. */
export type WholeMachine = MachineRow & { storage_text: string };

/** Gives one line of a text after the other. */
function lines(text: string | null): () => string {
  const all = (text ?? "").split("\n").values();
  return () => {
    const { value } = all.next();
    if (value === undefined || value === "") throw new Error("a card or device is not among those shown");
    return value;
  };
}

/** A card with the text of what follows from its row alone. */
type Card = ReturnType<typeof cardsOf>[number];

function cardsOf({ id, runs, cards, shown_cards, parents, links, leases }: MachineRow) {
  const next = lines(shown_cards);
  const rows = (cards ?? []).map((card) => ({ ...card, node_id: id, runs, shown: next() }));
  return connect(rows, { parents: parents ?? [], links: links ?? [], leases: leases ?? [] });
}

/**
 * Writes a machine.
 *
 * @param constraints JSON of what an allocation chose, "null" elsewhere
 */
export function writeMachine(out: JsonBytes, row: WholeMachine, around: Surroundings, constraints: string): void {
  const interfaces = cardsOf(row);
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
    tag_names: tagNames(row, around),
    locked: row.locked,
    node_type: 0,
    node_type_name: "Machine",
    parent: null,
    address_ttl: row.address_ttl,
    status: status.code,
    status_name: status.name,
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
    resource_uri: `${base}/machines/${row.id}/`,
  });
  out.fields(toldOf(row)).fields(resultFields(row.results ?? []));
  out.field("domain").shared(domain);
  out.field("zone").shared(around.zones.get(row.zone_id));
  out.field("pool").shared(around.pools.get(row.pool_id));
  out.field("owner_data").raw(row.annotations);
  out.field("workload_annotations").raw(row.annotations);
  out.field("hardware_info").raw(row.hardware_info);
  out.field("numanode_set").raw(row.numa_nodes);
  const called = naming(interfaces);
  const cards = out.field("interface_set").list(interfaces, (one) => writeInterface(out, one, around, called));
  const boot = interfaces.findIndex(({ mac, type }) => mac === row.boot_mac && type === "physical");
  out.field("boot_interface").again(cards[boot]);
  writeStorage(out, row.storage_text);
  // What an allocation chose; elsewhere there is nothing to say.
  out.field("constraints_by_type").raw(constraints).raw("}");
}

/** An interface; VLANs and subnets are the same for thousands. */
function writeInterface(
  out: JsonBytes,
  one: Card,
  { networks }: Surroundings,
  called: ReturnType<typeof naming>,
): void {
  const onSubnet = ({ subnet, ...fields }: { id?: number; subnet?: object }): void => {
    out.open(fields);
    if (subnet !== undefined) out.field("subnet").shared(subnet);
    out.raw("}");
  };
  out.open(cardFields(one, networks, called));
  out.field("vlan").shared(one.vlan_id === null ? null : networks.vlan(one.vlan_id));
  out.field("links").list(one.links, (link) => onSubnet(renderLink(link, networks)));
  const leases = shownLeases(one, networks);
  out.field("discovered");
  if (leases === null) out.raw("null");
  else out.list(leases, onSubnet);
  out.raw(",").raw(one.shown);
}

/** What MAAS calls the newest event that is worth telling. */
function toldOf({ event_type, event_message }: MachineViewRow) {
  if (event_type === null) return { status_action: null, status_message: null };
  return { status_action: "", status_message: `${eventWords(event_type)} - ${event_message ?? ""}` };
}

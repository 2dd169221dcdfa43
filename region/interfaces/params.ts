import { bondOptions, bridgeOptions } from "@rackwright/contract";
import type { InterfaceParams, InterfaceType } from "../database/tables/interfaces.ts";

/** What a bond or bridge has where nobody said otherwise. */
export function defaultParams(type: InterfaceType): InterfaceParams {
  if (type === "bond")
    return {
      bond_mode: "balance-rr",
      bond_miimon: 100,
      bond_downdelay: 0,
      bond_updelay: 0,
      bond_lacp_rate: "fast",
      bond_xmit_hash_policy: "layer2",
      bond_num_grat_arp: 1,
    };
  if (type === "bridge") return { bridge_type: "standard", bridge_stp: false, bridge_fd: 15 };
  return {};
}

const ofType: Record<InterfaceType, readonly string[]> = {
  physical: [],
  vlan: [],
  bond: Object.keys(bondOptions.shape),
  bridge: Object.keys(bridgeOptions.shape),
};

/** The options an interface of this type has, out of all that was given. */
export function pickParams(type: InterfaceType, given: object): InterfaceParams {
  const names = [...ofType[type], "accept_ra"];
  const params: InterfaceParams = {};
  for (const [name, value] of Object.entries(given))
    if (names.includes(name) && (typeof value === "string" || typeof value === "number" || typeof value === "boolean"))
      params[name] = value;
  return params;
}

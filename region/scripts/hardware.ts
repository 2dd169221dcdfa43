import type { Inventory } from "@rackwright/contract";

/** Whether a text fits a pattern with `*` and `?`, without regard to case. Takes linear time in a pattern's stars. */
export function fits(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), text.toLowerCase()];
  let [at, seen, star, kept] = [0, 0, -1, 0];
  while (seen < given.length) {
    if (wanted[at] === "*") [star, kept, at] = [at, seen, at + 1];
    else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === given[seen])) [at, seen] = [at + 1, seen + 1];
    else if (star !== -1) [at, seen, kept] = [star + 1, kept + 1, kept + 1];
    else return false;
  }
  return /^\**$/.test(wanted.slice(at));
}

/**
 * Whether a script's `for_hardware` names something of this machine: `modalias:<pattern>`, `pci:` or `usb:` with vendor
 * and product, or a name of the system or its mainboard (`*` and `?` are allowed, case does not count).
 */
export function matchesHardware(wanted: readonly string[], inventory: Inventory): boolean {
  const { dmi } = inventory;
  return wanted.some((entry) => {
    const colon = entry.indexOf(":");
    const [sort, value] = [entry.slice(0, colon), entry.slice(colon + 1)];
    const named = (text: string | null) => text !== null && fits(value, text.trim());
    switch (sort) {
      case "modalias":
        return inventory.modaliases.some((alias) => fits(value, alias));
      case "pci":
      case "usb":
        return inventory[sort].some(
          ({ vendor_id, product_id }) =>
            `${vendor_id}:${product_id}`.toLowerCase().replaceAll("0x", "") === value.toLowerCase(),
        );
      case "system_vendor":
      case "system_product":
      case "system_version":
        return named(dmi[sort]);
      case "mainboard_vendor":
        return named(dmi.board_vendor);
      case "mainboard_product":
        return named(dmi.board_product);
      default:
        return false;
    }
  });
}

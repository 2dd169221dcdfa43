import { type RawBuilder, sql } from "kysely";
import { InputError } from "../errors.ts";

const columns = {
  vendor_id: "vendor_id",
  product_id: "product_id",
  vendor_name: "vendor",
  product_name: "product",
  commissioning_driver: "driver",
} as const;
type DeviceKey = keyof typeof columns;
const keys = Object.keys(columns) as DeviceKey[];

/**
 * Reads what PCI or USB device a machine must have: `key=value[,key=value…]`, all of one device, upper and lower case
 * alike. Returns a condition on `machines`.
 *
 * @throws InputError on the field `devices`
 */
export function deviceCondition(text: string): RawBuilder<boolean> {
  const pairs = text.split(",").map((pair): [DeviceKey, string] => {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(equals, 0)).trim();
    const key = keys.find((one) => one === name);
    const value = pair.slice(equals + 1).trim();
    if (key === undefined || value === "")
      throw InputError.field("devices", pair.slice(0, 200), `must be key=value, with keys of: ${keys.join(", ")}`);
    return [key, value];
  });
  const conditions = pairs.map(
    ([key, value]) => sql<boolean>`lower(${sql.ref(`node_devices.${columns[key]}`)}) = lower(${value})`,
  );
  return sql<boolean>`exists (select from node_devices where machine_id = machines.id
    and ${sql.join(conditions, sql` and `)})`;
}

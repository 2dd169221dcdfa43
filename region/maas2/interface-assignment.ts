import type { z } from "zod";
import { type Assignment, assignDeviceAddress } from "../interfaces/assignment.ts";
import type { Node } from "../interfaces/node.ts";
import type { Interface } from "../interfaces/read.ts";
import { byCaller } from "./machine-call.ts";
import { ip, orNone } from "./network-parameters.ts";
import { idOf } from "./node-call.ts";
import type { Call } from "./operation.ts";
import { choice, text } from "./parameters.ts";

/** How an interface of a device gets its address. */
export const assignmentFields = {
  ip_assignment: choice("Of a device: how it gets its address.", ["static", "dynamic", "external"]).optional(),
  ip_address: orNone(ip("Of a device: its address.")).optional(),
  subnet: text("Of a device: the subnet of its static address.", 500).optional(),
};
type Form = { [K in keyof typeof assignmentFields]?: z.output<(typeof assignmentFields)[K]> };

/** Gives the interface of a device its address as a form says; undefined where it says nothing. */
export async function assignAddress(
  call: Call,
  node: Node,
  { id }: Pick<Interface, "id">,
  { ip_assignment, ip_address = null, subnet = "" }: Form,
): Promise<Interface | undefined> {
  if (ip_assignment === undefined || node.kind !== "device") return undefined;
  const wanted: Assignment = {
    kind: ip_assignment,
    address: ip_address,
    subnet_id: await idOf(call, "subnet", "subnet", subnet),
  };
  return assignDeviceAddress(call.db, node.id, id, wanted, byCaller(call));
}

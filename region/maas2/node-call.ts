import { machineLocked } from "@rackwright/contract";
import { Denied, InputError, NotFound } from "../errors.ts";
import { findDomain } from "../dns/domains.ts";
import { type Node, readNode, requireChange } from "../interfaces/node.ts";
import { findOne } from "../networks/find.ts";
import { callerOf, noMatch } from "./common.ts";
import type { Call } from "./operation.ts";

/**
 * The machine or device in the path.
 *
 * @throws NotFound in MAAS's words, Denied (403) for a machine of somebody else's, and where it is to be changed, for one
 * that is locked or not the caller's to change
 */
export async function nodeOf(call: Call, need: "view" | "change"): Promise<Node> {
  const caller = callerOf(call);
  const id = call.path["system_id"] ?? "";
  const node = await readNode(call.db, id, caller, { hidden: "denied" }).catch((error: unknown) => {
    throw error instanceof NotFound ? noMatch("Node") : error;
  });
  if (need === "view") return node;
  if (node.kind === "machine" && node.locked)
    throw new Denied(`Machine ${node.hostname} is locked.`, 403, machineLocked);
  requireChange(node, caller);
  return node;
}

/** What a form's text names, by number or in a specifier; null for an empty text. @throws InputError keyed by the field */
export async function idOf(
  call: Call,
  field: string,
  kind: "vlan" | "subnet" | "domain",
  text: string,
): Promise<number | null> {
  if (text.trim() === "") return null;
  const wrong = () => InputError.field(field, text.slice(0, 100), choose);
  if (kind === "domain") {
    const id = await findDomain(call.db, text);
    if (id === null) throw wrong();
    return id;
  }
  // A bare number is the id, also of a VLAN, whose specifiers are tags elsewhere.
  const specifier = /^\d+$/.test(text.trim()) ? `id:${text.trim()}` : text;
  return findOne(call.db, kind, specifier).catch((error: unknown) => {
    throw error instanceof NotFound || error instanceof Denied ? wrong() : error;
  });
}

const choose = "Select a valid choice. That choice is not one of the available choices.";

/** Values that come repeated, or in one text with commas or spaces between. */
export const parts = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(/[\s,]+/)).filter((part) => part !== "");

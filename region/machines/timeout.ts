import type { Failure } from "@rackwright/contract";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { MachineRow } from "./fire.ts";

/** How far a boot came, from its last stage to its first, with what to do when nothing followed. */
const stages: readonly { prefixes: readonly string[]; seen: string; next: string }[] = [
  {
    prefixes: ["cloudinit."],
    seen: "The installed system reported, then fell silent",
    next: "Look at the machine's console and at /var/log/cloud-init-output.log on its disk, then release and deploy again.",
  },
  {
    prefixes: ["agent."],
    seen: "The program on the machine reported, then fell silent",
    next: "Look at the last step below and at the machine's console; check its memory, disk and network cable.",
  },
  {
    prefixes: ["http."],
    seen: "The machine fetched files, but the program in the ephemeral system never reported",
    next: "Look at the machine's console: the kernel may lack a driver for its network card, or may have stopped.",
  },
  {
    prefixes: ["boot."],
    seen: "The machine was told what to boot, but fetched no kernel",
    next: "Check that the machine reaches the rack over HTTP, and its firmware's Secure Boot setting.",
  },
  {
    prefixes: ["tftp."],
    seen: "The machine asked for a boot loader, but not for what to boot",
    next: "Check the firmware's boot mode (UEFI or BIOS) and Secure Boot, and the machine's console.",
  },
  {
    prefixes: ["dhcp."],
    seen: "The machine asked for an address, but for no boot loader",
    next: "Check that it boots from the network first, and that no other DHCP server answers on its network.",
  },
];
const unseen = {
  seen: "Nothing at all was seen of the machine on the network",
  next: "Check its power, its network cable, that its first boot device is the network, and that DHCP is on for its subnet.",
};

/** How far the machine came, and what to do about it. A BMC that failed explains why nothing at all was seen. */
function lastSeen(
  status: MachineRow["status"],
  events: readonly { type: string; failure: Failure | null }[],
): { seen: string; next: string; evidence?: readonly string[] } {
  const reached = ({ prefixes }: { prefixes: readonly string[] }) =>
    events.some(({ type }) => prefixes.some((one) => type.startsWith(one)));
  const stage = status === "releasing" ? undefined : stages.find(reached);
  if (stage) return stage;
  const bmc = events.find(({ type }) => type === "power.failed")?.failure;
  if (bmc) return { seen: `Its BMC failed: ${bmc.message.slice(0, 1000)}`, next: bmc.next, evidence: bmc.evidence };
  if (status !== "releasing") return unseen;
  return { seen: "Its BMC never reported it off", next: "Check the BMC's address and password, then release again." };
}

/** Why a status ran into its deadline, told from the last things seen and heard of the machine since it began. */
export async function explainTimeout(db: Kysely<Tables>, machine: MachineRow, now: Date): Promise<Failure> {
  const minutes = Math.round((now.getTime() - machine.status_since.getTime()) / 60_000);
  const events = await db
    .selectFrom("events")
    .select(["at", "type", "message", "failure"])
    .distinctOn(sql`split_part(type, '.', 1)`)
    .where((where) =>
      where.or([
        where("machine_id", "=", machine.id),
        where("mac", "in", where.selectFrom("interfaces").select("mac").where("machine_id", "=", machine.id)),
      ]),
    )
    .where("at", ">=", machine.status_since)
    .where(sql<boolean>`split_part(type, '.', 1) in ('cloudinit', 'agent', 'http', 'boot', 'tftp', 'dhcp', 'power')`)
    .orderBy(sql`split_part(type, '.', 1)`)
    .orderBy("id", "desc")
    .execute();
  const evidence = events
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at, type, message }) => `${at.toISOString()} ${type}: ${message}`.slice(0, 2000));
  const told = lastSeen(machine.status, events);
  return {
    code: `${machine.status}-timed-out`,
    message:
      `${machine.hostname} was ${machine.status} for ${minutes} minutes, at last waiting for ` +
      `${machine.waits_for ?? "a sign of life"}. ${told.seen}.`,
    evidence:
      evidence.length > 0
        ? [...evidence, ...(told.evidence ?? [])].slice(0, 50)
        : ["no event of this machine since then"],
    next: told.next,
  };
}

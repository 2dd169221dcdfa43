import {
  agentNotStarted,
  agentSilent,
  bootLoaderMissing,
  type Cause,
  cloudinitSilent,
  dhcpNoOffer,
  dhcpOfferNotTaken,
  type Failure,
  installedSystemSilent,
  kernelCut,
  kernelNotFetched,
  loaderCut,
  loaderNotFetched,
  makeFailure,
  memorySystemSilent,
  noDhcpRequest,
  notRebooted,
  powerNotFinished,
  rootImageNotFetched,
  scriptNotAsked,
} from "@rackwright/contract";
import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { MachineRow } from "./fire.ts";
import { lastSights, type Sight } from "./seen.ts";

/** Why nothing more came: the cause and what was seen, in words; a failure that was told says both itself. */
type Told = { cause: Cause; seen: string } | { failure: Failure; seen: string };
/** Answers where what was seen shows that the machine came as far as this. */
type Stage = (sights: Sights) => Told | undefined;

/** Files of the ephemeral system, in the order in which a machine fetches them. */
const systemFiles = ["boot-kernel", "boot-initrd", "squashfs"] as const;
const isSystemFile = (file: string | null): boolean => systemFiles.some((one) => one === file);
const isScript = (file: string | null): boolean => /^(grub|ipxe)\.cfg|\.(lst|mod)$/.test(file ?? "");

/** Everything seen of a machine, asked for by kind. */
class Sights {
  readonly #all: readonly Sight[];
  constructor(all: readonly Sight[]) {
    this.#all = all;
  }
  /** The newest of the kinds, which may be a beginning such as `agent.`. */
  last(kinds: readonly string[], fits: (sight: Sight) => boolean = () => true): Sight | undefined {
    return this.#all.findLast((sight) => kinds.some((kind) => sight.type.startsWith(kind)) && fits(sight));
  }
  fetched(file: string): boolean {
    return this.last(["http.done", "tftp.done"], (sight) => sight.file === file && !sight.question) !== undefined;
  }
}

const agentStage: Stage = (sights) =>
  sights.last(["agent.", "machine.enlisted"]) && {
    cause: agentSilent,
    seen: "The program on the machine reported, then fell silent",
  };

const ephemeralStage: Stage = (sights) => {
  if (!sights.fetched("squashfs") && !sights.last(["cloudinit."])) return undefined;
  return {
    cause: agentNotStarted,
    seen: "The machine fetched the ephemeral system, but the program in it never reported",
  };
};

const systemStage: Stage = (sights) => {
  const begun = sights.last(["http.", "tftp."], ({ file }) => isSystemFile(file));
  const file = systemFiles.findLast((one) => sights.last(["http.", "tftp."], (sight) => sight.file === one));
  if (begun === undefined || file === undefined) return undefined;
  if (!sights.fetched(file))
    return { cause: kernelCut, seen: `The machine began to fetch ${file} and never got all of it` };
  if (file === "boot-initrd")
    return { cause: rootImageNotFetched, seen: "The machine fetched kernel and initrd, but not its root file system" };
  return { cause: kernelNotFetched, seen: "The machine fetched a kernel, but no initrd" };
};

const decidedStage: Stage = (sights) => {
  const decided = sights.last(["boot.decided"]);
  if (decided === undefined) return undefined;
  if (decided.failure) return { failure: decided.failure, seen: decided.failure.message };
  return { cause: kernelNotFetched, seen: "The machine was told what to boot, but fetched no kernel" };
};

const loaderStage: Stage = (sights) => {
  const isLoader = ({ file, question }: Sight): boolean => !isSystemFile(file) && !isScript(file) && !question;
  if (sights.last(["tftp.done", "http.done", "http.request"], isLoader))
    return { cause: scriptNotAsked, seen: "The machine asked for a boot loader, but not for what to boot" };
  const asked = sights.last(["tftp.", "http."], isLoader);
  if (asked === undefined) return undefined;
  const missing = asked.type === "tftp.failed" && asked.reason === "not-found";
  return missing
    ? { cause: bootLoaderMissing, seen: `The machine asked for ${asked.file ?? "a loader"}, which the rack has not` }
    : { cause: loaderCut, seen: `The machine began to fetch ${asked.file ?? "its loader"} and never got all of it` };
};

const addressStage: Stage = (sights) => {
  if (sights.last(["dhcp.ack"]))
    return { cause: loaderNotFetched, seen: "The machine asked for an address, but for no boot loader" };
  if (sights.last(["dhcp.offer"]))
    return { cause: dhcpOfferNotTaken, seen: "The machine was offered an address and did not take it" };
  const refused = sights.last(["dhcp.refused"])?.failure;
  if (refused) return { failure: refused, seen: refused.message };
  return (
    sights.last(["dhcp."]) && { cause: dhcpNoOffer, seen: "The machine asked for an address and was offered none" }
  );
};

/** What became of the power command that the status began with. */
const powerStage: Stage = (sights) => {
  const last = sights.last(["power."], ({ action }) => action !== "query");
  if (last?.failure) return { failure: last.failure, seen: `Its BMC failed: ${last.failure.message.slice(0, 1000)}` };
  return last?.type === "power.requested"
    ? { cause: powerNotFinished, seen: "The power command for its BMC came to no end" }
    : undefined;
};

const nothing: Stage = () => ({ cause: noDhcpRequest, seen: "Nothing at all was seen of the machine on the network" });

const cloudInitStage: Stage = (sights) =>
  sights.last(["cloudinit."]) && { cause: cloudinitSilent, seen: "The installed system reported, then fell silent" };

const diskStage: Stage = (sights) =>
  sights.last(["boot.decided"], ({ purpose }) => purpose === "local") && {
    cause: installedSystemSilent,
    seen: "The machine was sent to its disk, and nothing was heard of the system there",
  };

const memoryStage: Stage = (sights) =>
  sights.fetched("squashfs") || sights.last(["cloudinit."])
    ? {
        cause: memorySystemSilent,
        seen: "The machine fetched the image to run from memory, and the system in it never asked for its user data",
      }
    : undefined;

const notSeenAgain: Stage = () => ({
  cause: notRebooted,
  seen: "The installation had ended, and nothing was seen of the machine since",
});

const powerUnknown: Stage = () => ({ cause: powerNotFinished, seen: "Its BMC never reported it off" });

/** Where machines stand still, the farthest first, by what they do: boot over the network, boot their disk, go off. */
const overNetwork = [
  agentStage,
  ephemeralStage,
  systemStage,
  decidedStage,
  loaderStage,
  addressStage,
  powerStage,
  nothing,
];
const fromDisk = [
  cloudInitStage,
  diskStage,
  ephemeralStage,
  systemStage,
  decidedStage,
  loaderStage,
  addressStage,
  notSeenAgain,
];
const fromMemory = [memoryStage, systemStage, decidedStage, loaderStage, addressStage, powerStage, nothing];
const goingOff = [powerStage, powerUnknown];

function stagesOf({ status, netboot, ephemeral, patience }: MachineRow): readonly Stage[] {
  if (status === "deploying" && ephemeral) return fromMemory;
  if (status === "deploying" && !netboot) return fromDisk;
  // A release that runs scripts first has the patience of another status.
  const off = (status === "releasing" && patience === null) || status === "exiting rescue mode";
  return off ? goingOff : overNetwork;
}

/** Why a status ran into its deadline, told from the last things seen and heard of the machine since it began. */
export async function explainTimeout(db: Kysely<Tables>, machine: MachineRow, now: Date): Promise<Failure> {
  const seconds = Math.round((now.getTime() - machine.status_since.getTime()) / 1000);
  const lasted = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  const all = await lastSights(db, machine);
  const sights = new Sights(all);
  const told = stagesOf(machine)
    .map((stage) => stage(sights))
    .find((one) => one !== undefined);
  if (told === undefined) throw new Error("the last stage must match everything");
  const events = all.map(({ at, type, message }) => `${at.toISOString()} ${type}: ${message}`.slice(0, 2000));
  const message =
    `${machine.hostname} was ${machine.status} for ${lasted}, at last waiting for ` +
    `${machine.waits_for ?? "a sign of life"}. ${told.seen}.`;
  if ("cause" in told)
    return makeFailure(
      told.cause,
      message,
      events.length > 0 ? events.slice(-50) : ["no event of this machine since then"],
    );
  const evidence = [...events.slice(-20), ...told.failure.evidence].slice(0, 50);
  return { ...told.failure, message: message.slice(0, 2000), evidence };
}

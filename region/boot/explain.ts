import {
  bootPlatforms,
  failureOf,
  makeFailure,
  noRack,
  rackNotLinked,
  type BootClient,
  type BootExplainQuery,
  type BootExplanation,
  type BootRequest,
  type Failure,
  type RackExplanation,
  type RackExplainRequest,
} from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { NotFound } from "../errors.ts";
import { foreseeBoot } from "./decide.ts";
import { type AskableRack, findPlace } from "./place.ts";

/** A rack that can be asked what it would put on the wire. */
export type ExplainingRack = AskableRack & {
  call: (method: "boot.explain", request: RackExplainRequest) => Promise<RackExplanation>;
};

/** The racks linked to this process. */
export type ExplainingRacks = { connections: () => readonly ExplainingRack[] };

type Recorded = { firmware: string | null; architecture: string | null; uuid: string | null };

/**
 * "Why would it boot that?": what this card would be told now, from its DHCP answer to its kernel, and every rule that
 * had a say. The racks' part is told by the rack's own code. Nothing is leased, recorded or changed.
 *
 * @throws NotFound for a rack that does not exist
 */
export async function explainBoot(
  db: Database,
  racks: ExplainingRacks,
  query: BootExplainQuery,
): Promise<BootExplanation> {
  const { mac, client } = query;
  const recorded = await readRecorded(db, mac);
  const arch = query.arch ?? platformOf(recorded);
  const uuid = query.uuid?.toLowerCase() ?? recorded?.uuid ?? null;
  const code = codeOf(arch, client);
  const linked = racks.connections();
  const place = await findPlace(db, query, linked);
  const connection = linked.find(({ rack }) => rack === place?.rack);
  const about = { mac, arch, client, uuid, place };
  let problem: Failure;
  if (connection === undefined) problem = await nobody(db, query, linked);
  else
    try {
      const told = await connection.call("boot.explain", {
        mac,
        uuid,
        client,
        architecture_code: code,
        interface: place?.interface ?? null,
        relay: query.relay ?? null,
      });
      const device = told.stages.find(({ dhcp }) => dhcp !== null)?.dhcp?.interface;
      const at = place && { ...place, interface: device ?? place.interface };
      const last = told.asked.at(-1)?.foresight ?? (await foreseeBoot(db, requestOf(query, uuid, code)));
      const { stages, command_line } = told;
      return {
        ...about,
        place: at,
        architecture: last.decision.architecture,
        ...last,
        stages,
        command_line,
        problem: null,
      };
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      problem = failure;
    }
  const foresight = await foreseeBoot(db, requestOf(query, uuid, code));
  const { architecture } = foresight.decision;
  return { ...about, architecture, ...foresight, stages: [], command_line: null, problem };
}

async function readRecorded(db: Database, mac: string): Promise<Recorded | undefined> {
  return db
    .selectFrom("interfaces")
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select(["machines.firmware", "machines.architecture", "machines.uuid"])
    .where("interfaces.mac", "=", mac)
    .executeTakeFirst();
}

function platformOf(recorded: Recorded | undefined): string {
  if (recorded?.architecture === "arm64") return "arm64-efi";
  return recorded?.firmware === "bios" ? "bios" : "x86_64-efi";
}

/** DHCP option 93 as that platform's firmware says it; loaders say what PXE says. */
function codeOf(arch: string, client: BootExplainQuery["client"]): number {
  const known = Object.entries(bootPlatforms).find(([name]) => name === arch)?.[1];
  if (known === undefined) return Number(arch);
  return client === "uefi-http" ? known.http : known.pxe;
}

const clientsOfCodes: Readonly<Record<number, BootClient>> = {
  0: "pxe-bios",
  7: "pxe-uefi-x64",
  9: "pxe-uefi-x64",
  11: "pxe-uefi-arm64",
  16: "http-uefi-x64",
  19: "http-uefi-arm64",
};

/** The question a rack would ask, where none can be asked for it. */
function requestOf({ mac, client }: BootExplainQuery, uuid: string | null, code: number): BootRequest {
  const loader = client === "ipxe" || client === "grub";
  return {
    mac,
    uuid,
    client: loader ? client : (clientsOfCodes[code] ?? "other"),
    firmware: code === 0 ? "bios" : "uefi",
    architecture: null,
    architecture_code: code,
    rack_address: "0.0.0.0",
    address: null,
    stage: "script",
  };
}

/** Why no rack tells the wire. @throws NotFound for a rack that does not exist */
async function nobody(db: Database, { rack }: BootExplainQuery, linked: readonly AskableRack[]): Promise<Failure> {
  if (rack === undefined)
    return makeFailure(
      noRack,
      "No rack that could answer is connected, so nothing would be told to this network card.",
    );
  const known = await db.selectFrom("racks").select("name").where("name", "=", rack).executeTakeFirst();
  if (known === undefined)
    throw new NotFound(`There is no rack ${rack}.`, { next: "GET /api/v1/racks lists those there are." });
  const here = linked.map((each) => each.rack).join(", ") || "none";
  return makeFailure(rackNotLinked, `Rack ${rack} is not linked to this region process.`, [`linked here: ${here}`]);
}

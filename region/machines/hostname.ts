import { randomInt } from "node:crypto";
import type { Transaction } from "../database/pool.ts";
import { StateConflict } from "../errors.ts";

/** Machines and devices share their names. @throws StateConflict where a device has it */
export async function refuseDevicesHostname(tx: Transaction, hostname: string): Promise<void> {
  const device = await tx.selectFrom("devices").select("id").where("hostname", "=", hostname).executeTakeFirst();
  if (device) throw new StateConflict(`Hostname ${hostname} is taken by device ${device.id}.`);
}

const first =
  "able amber bold brave brisk bright calm clear clever cool crisp daring deep eager early easy fair fast fine firm fond free fresh glad good grand happy honest humble jolly keen kind large light lively loyal lucid lucky mellow merry mild modest neat noble open patient plain polite prime proud quick quiet rapid ready rich robust round sharp shiny silver smart smooth solid steady still sunny swift tidy tough true vivid warm wise witty young";
const second =
  "alder aspen badger beaver beech birch bison cedar condor coral crane curlew dolphin eagle egret elder falcon fern ferret finch fox gannet gecko goose hare hawk hazel heron hornbeam ibex jackal jay juniper kestrel kite lark larch lemur linden linnet lynx magpie maple marten merlin mole moose myrtle newt oak orca osprey otter owl pine plover poplar puffin quail raven robin rowan salmon seal shrew sparrow spruce stoat stork swan swift tern thrush trout walnut weasel whale willow wolf wren yew";

/** A name people can say, for a machine that brought none, such as `quiet-heron`. */
export function randomHostname(): string {
  const adjectives = first.split(" ");
  const nouns = second.split(" ");
  return `${adjectives[randomInt(adjectives.length)]}-${nouns[randomInt(nouns.length)]}`;
}

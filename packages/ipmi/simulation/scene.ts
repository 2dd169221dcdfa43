import { createBmc } from "../bmc/bmc.ts";
import type { BmcParts } from "../bmc/bmc.ts";
import { createIpmiClient } from "../client/client.ts";
import type { SessionOptions } from "../client/options.ts";
import { createFakeChassis } from "./chassis.ts";
import { createVirtualClock } from "./clock.ts";
import { createNetwork } from "./network.ts";
import type { Weather } from "./network.ts";
import { seeded, seededBytes } from "./random.ts";

export const ADDRESS = "192.0.2.10";
export const GUID = Uint8Array.from({ length: 16 }, (_, at) => at * 7 + 1);

/** One client and one BMC of ours on a network in memory, all on one virtual clock. */
export function createScene({
  weather = {},
  seed = 1,
  bmc = {},
}: { weather?: Weather; seed?: number; bmc?: Partial<BmcParts> } = {}) {
  const clock = createVirtualClock();
  const network = createNetwork(clock, seeded(seed), weather);
  const chassis = createFakeChassis();
  const lan = { address: ADDRESS, netmask: "255.255.255.0", gateway: "192.0.2.1", mac: "52:54:00:12:34:56" };
  const defects: unknown[] = [];
  const theBmc = createBmc({
    chassis,
    lan,
    guid: GUID,
    random: seededBytes(seed + 1),
    now: () => clock.now(),
    users: [
      { id: 2, name: "admin", password: "correct horse", enabled: true, privilege: "administrator" },
      { id: 3, name: "oper", password: "battery", enabled: true, privilege: "operator" },
      { id: 4, name: "watcher", password: "staple", enabled: true, privilege: "user" },
      { id: 5, name: "gone", password: "gone", enabled: false, privilege: "administrator" },
    ],
    onDefect: (error) => defects.push(error),
    ...bmc,
  });
  network.attach(ADDRESS, (datagram, reply) => void theBmc.handle(datagram, reply));
  const client = createIpmiClient({ transport: network.transport, timers: clock, random: seededBytes(seed + 2) });
  const login: SessionOptions = {
    address: ADDRESS,
    username: "admin",
    password: "correct horse",
    cipherSuite: 17,
    privilege: "administrator",
  };
  return { clock, network, chassis, lan, bmc: theBmc, client, login, defects };
}

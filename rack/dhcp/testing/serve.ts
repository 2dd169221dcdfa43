/**
 * A DHCP server over leases in memory, for tests and benchmarks inside a network namespace:
 *   node serve.ts '{"config": RackConfig, "devices": [...], "delayMilliseconds": 0, "probeMilliseconds": 0, "quiet": true}'
 * Prints one JSON line per event, and `{"ready":true}` first. Ends on SIGTERM or when its standard input ends.
 */
import { rackConfig, type RackEventInput } from "@rackwright/contract";
import { listInterfaces, openLibc, runProgram } from "@rackwright/netdev";
import { z } from "zod";
import { loaderReply } from "../boot-reply.ts";
import { createFindMac } from "../find-mac.ts";
import { batchLeases } from "../lease-source.ts";
import { startDhcpServer } from "../server.ts";
import { memoryLeases } from "./memory-leases.ts";

const given = z
  .object({
    config: rackConfig,
    devices: z.array(z.string()),
    delayMilliseconds: z.number().default(0),
    probeMilliseconds: z.number().default(0),
    quiet: z.boolean().default(false),
    folder: z.string().optional(),
  })
  .parse(JSON.parse(process.argv[2] ?? "{}"));

const say = (line: RackEventInput | { ready: true } | Record<string, number>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
let events = 0;
const server = await startDhcpServer({
  libc: openLibc(),
  leases: batchLeases(memoryLeases(given.config.subnets, given.delayMilliseconds)),
  decideBoot: ({ client, mac, rackAddress }) =>
    Promise.resolve(loaderReply(client, mac, { address: rackAddress, httpPort: 5248, hasLoader: () => true })),
  emit(event) {
    events += 1;
    if (!given.quiet) say(event);
  },
  now: Date.now,
  findMac: createFindMac(runProgram),
  devices: given.devices,
  probeMilliseconds: given.probeMilliseconds,
  ...(given.folder === undefined ? {} : { folder: given.folder }),
});
server.update(given.config);
await server.setInterfaces(await listInterfaces(runProgram));
say({ ready: true });
let closing = false;
const end = async (): Promise<void> => {
  if (closing) return;
  closing = true;
  const counts = server.counts();
  await server.close();
  say({ ...counts, events });
  process.exit(0);
};
process.on("SIGTERM", () => void end());
process.stdin.on("end", () => void end());
process.stdin.resume();

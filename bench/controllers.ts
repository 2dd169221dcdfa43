import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placesFrom, serveDhcp, startControllers } from "@rackwright/cli";
import { benchNetwork } from "./dhcp/index.ts";

/** The whole of ours for the DHCP benchmark: region with PostgreSQL, rack in the namespace, one wide range. */
export async function startOurs(namespace: string): Promise<{ stop: () => Promise<void> }> {
  const state = await mkdtemp(join(tmpdir(), "rackwright-bench-"));
  await chmod(state, 0o711);
  const controllers = await startControllers({
    // Images of this host would come over the link while DHCP is measured.
    places: { ...placesFrom(state, process.env), cache: join(state, "cache") },
    port: 15260,
    listen: "127.0.0.1",
    rackNamespace: namespace,
    interfaces: [benchNetwork.device],
    onProblem: (line) => process.stderr.write(`${line}\n`),
  });
  await serveDhcp(controllers.client, { cidr: benchNetwork.cidr, first: benchNetwork.first, last: benchNetwork.last });
  return {
    stop: async () => {
      await controllers.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}

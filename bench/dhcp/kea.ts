import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender } from "./contender.ts";
import { benchNetwork, endChild, listensForDhcp, startIn, waitFor } from "./pair.ts";
import type { PrivatePostgres } from "./private-postgres.ts";

const database = "kea";

/**
 * Kea with its leases in PostgreSQL, given every help its manual names: several threads, UDP sockets (the generator
 * speaks as a relay does), no look-ups of host reservations, log off.
 */
export function kea(postgres: PrivatePostgres): Contender {
  postgres.run("createdb", database);
  const admin = ["-u", postgres.user, "-n", database, "-h", postgres.host, "-p", "unused"];
  postgres.run("kea-admin", "db-init", "pgsql", ...admin);
  return {
    name: "kea-postgresql",
    async start(namespace) {
      const folder = await mkdtemp(join(tmpdir(), "rw-bench-kea-"));
      postgres.run("psql", "-q", "-d", database, "-c", "TRUNCATE lease4");
      postgres.run("psql", "-q", "-d", database, "-c", "UPDATE lease4_stat SET leases = 0");
      const configuration = join(folder, "kea.json");
      await writeFile(configuration, JSON.stringify(keaConfig(postgres, folder)));
      const env = { ...process.env, KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder };
      const child = startIn(namespace, "kea-dhcp4", ["-c", configuration], { env });
      await waitFor("Kea", 20, () => listensForDhcp(namespace));
      return {
        async stop() {
          await endChild(child);
          await rm(folder, { recursive: true });
        },
      };
    },
  };
}

function keaConfig({ host, user }: PrivatePostgres, folder: string): object {
  const { cidr, first, last, device } = benchNetwork;
  return {
    Dhcp4: {
      "interfaces-config": { interfaces: [device], "dhcp-socket-type": "udp" },
      "multi-threading": { "enable-multi-threading": true, "thread-pool-size": 4, "packet-queue-size": 64 },
      "lease-database": { type: "postgresql", name: database, user, password: "unused", host },
      "valid-lifetime": 600,
      authoritative: true,
      "reservations-global": false,
      "reservations-in-subnet": false,
      "expired-leases-processing": { "reclaim-timer-wait-time": 0 },
      subnet4: [{ id: 1, subnet: cidr, pools: [{ pool: `${first} - ${last}` }] }],
      loggers: [{ name: "kea-dhcp4", severity: "ERROR", output_options: [{ output: join(folder, "log") }] }],
    },
  };
}

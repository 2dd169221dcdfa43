import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender } from "./contender.ts";
import { benchNetwork, endChild, listensForDhcp, startIn, waitFor } from "./pair.ts";

/**
 * dnsmasq with its lease file, as it is installed, or with leases in memory only (`leasefile-ro`): with the file it
 * writes all leases again at each change.
 */
export function dnsmasq(memoryOnly: boolean): Contender {
  return {
    name: memoryOnly ? "dnsmasq-memory" : "dnsmasq",
    async start(namespace) {
      const folder = await mkdtemp(join(tmpdir(), "rw-bench-dnsmasq-"));
      const { first, last, mask, device } = benchNetwork;
      const args = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping"];
      args.push("--dhcp-authoritative", "--dhcp-lease-max=1000000", `--interface=${device}`, "--quiet-dhcp");
      args.push(`--dhcp-range=${first},${last},${mask},10m`, `--pid-file=${join(folder, "pid")}`);
      args.push(`--log-facility=${join(folder, "log")}`, `--dhcp-leasefile=${join(folder, "leases")}`);
      if (memoryOnly) args.push("--leasefile-ro");
      const child = startIn(namespace, "dnsmasq", args);
      await waitFor("dnsmasq", 10, () => listensForDhcp(namespace));
      return {
        async stop() {
          await endChild(child);
          await rm(folder, { recursive: true });
        },
      };
    },
  };
}

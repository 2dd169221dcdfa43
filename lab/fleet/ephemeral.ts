import { credentials } from "@rackwright/contract";
import { z } from "zod";
import { type AgentOutcome, runAgent } from "./agent.ts";
import { type BootOrder, wordOf } from "./boot-script.ts";
import { cloudInit, readCloudSettings } from "./metadata.ts";
import type { Session } from "./session.ts";
import { patiently, standStill } from "./world.ts";

const agentSettings = z.object({
  rack: z.url(),
  mode: z.enum(["enlist", "task"]),
  credentials: credentials.nullable(),
});

/** The settings that the agent's user data leaves for it; undefined for user data that starts no agent. */
export function readAgentSettings(userData: string): z.infer<typeof agentSettings> | undefined {
  const text = /<<'END-OF-SETTINGS'\n(.*)\nEND-OF-SETTINGS/.exec(userData)?.[1];
  return text === undefined ? undefined : agentSettings.parse(JSON.parse(text));
}

/**
 * The ephemeral system: kernel, initrd and root file system from the rack, cloud-init, agent. Fetches the beginning of
 * each file only.
 */
export async function runEphemeral(
  session: Session,
  order: Extract<BootOrder, { kind: "kernel" }>,
): Promise<AgentOutcome> {
  const { plan, signal } = session;
  if (session.strikes("kernel-not-fetched")) return standStill(signal);
  const loader = await lease(session);
  if (session.strikes("kernel-cut")) {
    await loader.fetchAndCut(order.kernel);
    return standStill(signal);
  }
  for (const url of [order.kernel, order.initrd]) if (!(await loader.fetchStart(url))) return { next: "reboot" };
  // The initrd is a DHCP client of its own.
  const http = await lease(session);
  const root = wordOf(order.words, "root=squash:");
  const preseed = wordOf(order.words, "cloud-config-url=");
  if (root === undefined || preseed === undefined)
    throw new Error(`machine ${plan.number} was given a kernel without root or preseed: ${order.words.join(" ")}`);
  if (session.strikes("root-not-fetched")) return standStill(signal);
  if (!(await http.fetchStart(root))) return { next: "reboot" };
  const config = await patiently(session, () => http.get(preseed));
  if (config.status !== 200) return { next: "poweroff" };
  const cloud = cloudInit(session, http, readCloudSettings(config.body));
  await cloud.report("init-network", "start");
  await cloud.readMetaData();
  if (session.strikes("agent-never-starts")) return standStill(signal);
  const settings = readAgentSettings(await cloud.readUserData());
  await cloud.report("init-network", "finish", "SUCCESS");
  if (settings === undefined) return { next: "poweroff" };
  await cloud.report("modules-final", "start");
  return runAgent(session, http, settings, cloud);
}

async function lease(session: Session) {
  for (;;) {
    const found = await session.dhcp.acquire(session.plan, "system", session.signal);
    if (found !== undefined) return session.http(found.address);
    session.signal.throwIfAborted();
  }
}

import type { InstallPlan } from "@rackwright/contract";
import { cloudInit, readCloudSettings } from "./metadata.ts";
import type { Session } from "./session.ts";
import { standStill } from "./world.ts";

const seedFile = "/etc/cloud/cloud.cfg.d/90_rackwright_datasource.cfg";

/** The system on the disk: its cloud-init reads metadata and user data through the rack, reports, and the system stays up. */
export async function runInstalled(session: Session, system: InstallPlan): Promise<never> {
  const { plan, dhcp, signal } = session;
  if (session.strikes("disk-does-not-boot")) return standStill(signal);
  const seed = system.write_files.find(({ path }) => path === seedFile);
  if (seed === undefined) throw new Error(`the install plan writes no ${seedFile}`);
  let lease = await dhcp.acquire(plan, "system", signal);
  while (lease === undefined) lease = await dhcp.acquire(plan, "system", signal);
  const cloud = cloudInit(session, session.http(lease.address), readCloudSettings(seed.content));
  await cloud.report("init-local", "start");
  await cloud.report("init-local", "finish", "SUCCESS");
  await cloud.report("init-network", "start");
  if (session.strikes("cloudinit-silent")) return standStill(signal);
  if (session.strikes("cloudinit-fails")) {
    await cloud.report("init-network", "finish", "FAIL", "no space left on device: '/var/lib/cloud'");
    return standStill(signal);
  }
  await cloud.readMetaData();
  await cloud.readUserData();
  await cloud.report("init-network", "finish", "SUCCESS");
  await cloud.report("modules-final", "start");
  await cloud.report("modules-final", "finish", "SUCCESS");
  return standStill(signal);
}

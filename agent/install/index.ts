import type { InstallPlan } from "@rackwright/contract";
import type { Reporter } from "../reporter.ts";
import type { World } from "../world.ts";
import { finishDisk, installBootLoader } from "./bootloader.ts";
import { configureSystem } from "./configure.ts";
import { downloadImage, unpackImage } from "./image.ts";
import { prepareStorage } from "./storage.ts";

/** Where the new system is put together. */
const target = "/run/rackwright/target";
/** On the new disk, because the memory of a small machine has no room for a second image. */
const imageFile = `${target}/.rackwright-image.squashfs`;

/** Puts the operating system of the plan on the machine's disk. */
export async function install(world: World, reporter: Reporter, rackUrl: string, plan: InstallPlan): Promise<void> {
  await world.run(["mkdir", "-p", target], { timeoutSeconds: 10 });
  const layout = await reporter.step("storage", "Preparing storage", (progress) =>
    prepareStorage(world, plan.storage, target, progress),
  );
  await reporter.step("download", `Downloading ${plan.source.image}`, (progress) =>
    downloadImage(world, rackUrl, plan.source, imageFile, progress),
  );
  await reporter.step("unpack", "Copying the system to disk", (progress) =>
    unpackImage(world, imageFile, target, progress),
  );
  await world.run(["rm", "-f", imageFile], { timeoutSeconds: 30 });
  await reporter.step("configure", "Configuring the system", () => configureSystem(world, plan, layout, target));
  await reporter.step("boot-loader", "Installing the boot loader", (progress) =>
    installBootLoader(world, plan, layout, target, progress),
  );
  await reporter.step("finish", "Writing everything to disk", () => finishDisk(world, target));
}

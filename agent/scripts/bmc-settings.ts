import { foundBmc } from "@rackwright/contract";
import { z } from "zod";
import type { ScriptContext } from "./context.ts";
import { ResultFileRefused } from "./work-folder.ts";
import type { WorkFolder } from "./work-folder.ts";

const settings = z.object({
  power_type: z.string(),
  power_parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)),
});
// The ephemeral system has Python's YAML reader, cloud-init needs it.
const reader = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1], encoding='utf-8')), sys.stdout)";

/** Reports the BMC whose settings a commissioning script wrote to BMC_CONFIG_PATH. A file of no use is told, not fatal. */
export async function takeBmcSettings(context: ScriptContext, folder: WorkFolder): Promise<void> {
  const path = folder.environment["BMC_CONFIG_PATH"] ?? "";
  const say = (why: string): void =>
    context.reporter.send({ kind: "log", lines: [`BMC_CONFIG_PATH is not taken: ${why}`.slice(0, 2000)] });
  try {
    if ((await folder.bmc()) === null) return;
    const read = await context.world.run(["python3", "-c", reader, path], { timeoutSeconds: 30 });
    if (read.status !== 0) return say("it is no YAML.");
    const { power_type, power_parameters } = settings.parse(JSON.parse(read.output));
    const bmc = foundBmc.safeParse({ driver: power_type, parameters: power_parameters });
    if (bmc.success) context.reporter.send({ kind: "bmc", bmc: bmc.data });
    else say(`power_type ${power_type} is unknown here.`);
  } catch (error) {
    if (error instanceof ResultFileRefused) return say(error.message);
    say("it needs power_type and power_parameters, a map of texts.");
  }
}

import { readFile } from "node:fs/promises";
import { credentials, systemId } from "@rackwright/contract";
import { z } from "zod";
import { enlist } from "./enlist.ts";
import { asFailure } from "./failure.ts";
import { rackAt } from "./rack.ts";
import { runTasks } from "./task.ts";
import type { Afterwards } from "./task.ts";
import { realWorld } from "./world.ts";

/** Left by the boot's user data; says which rack this machine belongs to and who it is. */
const configuration = z.object({
  rack: z.url(),
  mode: z.enum(["enlist", "task"]),
  system_id: systemId.nullable(),
  credentials: credentials.nullable(),
});

const world = realWorld();
const echo = (line: string): void => void process.stdout.write(`rackwright: ${line}\n`);

const self = { version: process.version, environment: process.env, echo };

async function live(): Promise<Afterwards> {
  const config = configuration.parse(
    JSON.parse(await readFile(process.argv[2] ?? "/run/rackwright/agent.json", "utf8")),
  );
  const rack = rackAt(world, config.rack);
  if (config.credentials) return runTasks(world, rack.as(config.credentials), self);
  echo("this machine is new here, enlisting");
  const answer = await enlist(world, rack);
  echo(`enlisted as ${answer.hostname} (${answer.system_id})`);
  return answer.credentials ? runTasks(world, rack.as(answer.credentials), self) : "poweroff";
}

const next = await live().catch(async (error: unknown): Promise<Afterwards> => {
  const failure = asFailure(error);
  for (const line of [failure.message, ...failure.evidence, failure.next]) echo(line);
  // Leaves time to read the console before the machine goes off, instead of looping through reboots.
  await world.sleep(60_000);
  return "poweroff";
});
echo(next === "stay" ? "done, staying up" : `done, next: ${next}`);
if (next !== "stay") await world.run(["systemctl", next, "--force", "--force"], { timeoutSeconds: 120 });
process.exit(0);

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { openLibc } from "@rackwright/netdev";
import { openFleet } from "./fleet.ts";
import { type FleetAnswer, fleetOrder } from "./messages.ts";
import { fleetSettings } from "./plan.ts";
import { realFleetWorld } from "./world.ts";

const say = (answer: FleetAnswer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
const lines = createInterface({ input: process.stdin });
const orders = lines[Symbol.asyncIterator]();

const first = await orders.next();
const settings = fleetSettings.parse(JSON.parse(first.value ?? "{}"));
const index = Number(await readFile(`/sys/class/net/${settings.device}/ifindex`, "utf8"));
const fleet = await openFleet(settings, {
  libc: openLibc(),
  index,
  world: realFleetWorld,
  onDefect: (number, error) =>
    say({ kind: "defect", number, error: error instanceof Error ? error.message : String(error) }),
});
say({ kind: "ready" });
for (let next = await orders.next(); next.done !== true; next = await orders.next()) {
  const order = fleetOrder.parse(JSON.parse(next.value));
  if ("ask" in order) say({ kind: "powered", numbers: fleet.powered() });
  else fleet.press(order.press, order.wish);
}
await fleet.close();
process.exit(0);

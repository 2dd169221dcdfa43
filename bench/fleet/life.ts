import { CliError } from "@rackwright/cli";
import { machineDetail } from "@rackwright/contract";
import { type FleetFault, macOf } from "@rackwright/lab";
import type { FleetSite } from "./site.ts";
import type { Standing, Watch } from "./watch.ts";

/** How a machine's life ended. */
export interface LifeEnd {
  readonly number: number;
  readonly fault: FleetFault | undefined;
  /** `done`: through all of it; `failed`: with a reason; `stuck`: nothing happened any more. */
  readonly kind: "done" | "failed" | "stuck";
  /** The part of life it ended in. */
  readonly stage: "enlist" | "commission" | "deploy" | "release" | "end";
  /** Code of the failure or refusal. */
  readonly code: string | undefined;
  /** The failure's sentence, or what was last known. */
  readonly message: string;
}

/** What a life needs; `patience` is how many seconds a part of it may take before the machine counts as stuck. */
export interface LifeNeeds {
  readonly site: FleetSite;
  readonly watch: Watch;
  readonly patience: number;
}

/** Takes one machine through enlist, commission, deploy and release, one request of the API at a time. */
export async function live(
  { number, fault }: { number: number; fault?: FleetFault | undefined },
  { site, watch, patience }: LifeNeeds,
): Promise<LifeEnd> {
  const mac = macOf(number);
  const end = (kind: LifeEnd["kind"], stage: LifeEnd["stage"], code?: string, message = ""): LifeEnd => ({
    number,
    fault,
    kind,
    stage,
    code,
    message,
  });
  /** Waits for a status. Answers how life ended where it came to another end. */
  const reach = async (stage: LifeEnd["stage"], status: string): Promise<LifeEnd | Standing> => {
    const ended = (one: Standing): boolean => one.status === status || one.failure !== null;
    const found = await watch.until(mac, ended, patience);
    if (found === undefined) {
      const last = await watch.until(mac, () => true, 0.001);
      return end("stuck", stage, undefined, `was ${last?.status ?? "never seen"}`);
    }
    return found.failure === null ? found : end("failed", stage, found.failure.code, found.failure.message);
  };
  const ask = async (stage: LifeEnd["stage"], id: string, body: unknown): Promise<LifeEnd | undefined> => {
    try {
      await site.client.send("POST", `/api/v1/machines/${id}/${stage}`, body, machineDetail);
      return undefined;
    } catch (error) {
      if (error instanceof CliError && error.code !== undefined) return end("failed", stage, error.code, error.message);
      throw error;
    }
  };

  site.fleet.press(number, "on");
  if (fault === "twin-uuid") {
    const failure = await watch.told(mac, patience);
    return failure ? end("failed", "enlist", failure.code, failure.message) : end("stuck", "enlist");
  }
  const ready = await reach("commission", "ready");
  if ("kind" in ready) return ready;
  const refused = await ask("deploy", ready.id, { image: "debian-12" });
  if (refused) return refused;
  const deployed = await reach("deploy", "deployed");
  if ("kind" in deployed) return deployed;
  const kept = await ask("release", ready.id, undefined);
  if (kept) return kept;
  const released = await reach("release", "ready");
  return "kind" in released ? released : end("done", "end");
}

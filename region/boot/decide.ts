import type { BootDecision, BootRequest } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { loadBootFacts } from "./facts.ts";
import { type RecordOptions, recordBoot } from "./record.ts";
import { decide } from "./rules.ts";

/**
 * What does this network card boot? Answers a rack's `boot.decide`, and records the boot. The answer depends only on
 * the request and the database, so every region and every repetition gives the same one.
 */
export async function decideBoot(db: Database, request: BootRequest, options: RecordOptions): Promise<BootDecision> {
  const facts = await loadBootFacts(db, request);
  const decided = decide(facts, request);
  await recordBoot(db, request, facts.machine, decided, options);
  return decided.decision;
}

/** The same answer without any trace: for an operator who asks "why would it boot that?". */
export async function explainBoot(db: Database, request: BootRequest): Promise<BootDecision> {
  return decide(await loadBootFacts(db, request), request).decision;
}

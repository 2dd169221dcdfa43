import type { BootDecision, BootForesight, BootRequest } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { loadBootFacts } from "./facts.ts";
import { type RecordOptions, recordBoot } from "./record.ts";
import { decide, judgeRules } from "./judge.ts";

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

/** The same answer with all it came from, and without any trace: for an operator who asks "why would it boot that?". */
export async function foreseeBoot(db: Database, request: BootRequest): Promise<BootForesight> {
  const facts = await loadBootFacts(db, request);
  const { decision, failure } = decide(facts, request);
  const { machine, images } = facts;
  const kernel = decision.kernel?.sha256;
  const booted = images.find(({ files }) => kernel !== undefined && files.some(({ sha256 }) => sha256 === kernel));
  const roles = ["boot-kernel", "boot-initrd", "squashfs"];
  return {
    decision,
    rules: judgeRules(facts, request),
    machine: machine && {
      id: machine.id,
      hostname: machine.hostname,
      status: machine.status,
      matched_by: machine.byMac ? "mac" : "uuid",
      image: machine.image,
    },
    files: (booted?.files ?? [])
      .filter(({ role }) => roles.includes(role))
      .map(({ role, name, sha256, size }) => ({ role, image: booted?.name ?? "", name, sha256, size })),
    failure,
  };
}

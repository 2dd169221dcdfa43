/**
 * The failure catalogue: one file a cause, its code is the file's name. To add one:
 *
 * 1. Write `contract/failures/<code>.ts`, which exports a constant named as the code in camel case:
 *
 *        import type { Cause } from "./cause.ts";
 *
 *        export const diskMissing = {
 *          code: "disk-missing",
 *          title: "A disk of the plan is not there",
 *          meaning: "One paragraph: how it comes about and what it stops.",
 *          blame: "machine",                         // operator, machine (or peer), rackwright, outside
 *          evidence: "The disks that are there.",
 *          next: "Check the machine's disks, then commission it again.",
 *          test: "agent/install/install.test.ts",    // provokes it, and holds "disk-missing" or diskMissing
 *        } as const satisfies Cause;
 *
 * 2. Run `node contract/write-failures.ts`: it writes `all.ts` here and docs/reference/failures.md.
 * 3. Raise it where it happens, in words of the case at hand:
 *
 *        import { diskMissing, makeFailure } from "@rackwright/contract";
 *        makeFailure(diskMissing, "There is no disk with serial 42.", lines)            // a Failure, next from here
 *        makeFailure(diskMissing, message, lines, "Put disk 42 back in.")               // with a better next step
 *        new StateConflict(message, diskMissing)                                      // a region's error: code and next
 *        new InputError(message, { ...diskMissing, failures: [{ field, value, allowed }] })
 *
 * `contract/failures.test.ts` reads the sources: every code raised anywhere is here, every cause here is raised somewhere,
 * and its test exists and names it. Whoever imports one cause bundles that one only.
 */
export * from "./all.ts";
export * from "./cause.ts";

import type { Cause } from "./cause.ts";

export const machineLocked = {
  code: "machine-locked",
  title: "The machine is locked",
  meaning: "Somebody locked the machine, so that nothing happens to it by mistake. It runs on as it is.",
  blame: "operator",
  evidence: "The refused action.",
  next: "Unlock it first.",
  test: "region/machines/actions.medium.test.ts",
} as const satisfies Cause;

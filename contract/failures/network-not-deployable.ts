import type { Cause } from "./cause.ts";

export const networkNotDeployable = {
  code: "network-not-deployable",
  title: "The configured network cannot be installed",
  meaning:
    "The interfaces of the machine are set up in a way that no installed system could be reached by, or that the images here cannot do.",
  blame: "operator",
  evidence: "What of the configuration it is.",
  next: "Link an interface to a subnet (POST /api/v1/machines/{id}/interfaces/{interface}/links), or change what is named.",
  test: "region/interfaces/deploy.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const userDataUnusable = {
  code: "user-data-unusable",
  title: "cloud-init would ignore this user data",
  meaning:
    "User data must say what it is in its first line. cloud-init drops anything else with a warning in a log nobody reads, and the machine would come up without what the data should do. The deployment is refused before the machine is touched.",
  blame: "operator",
  evidence: "The first line of the user data, shortened.",
  next: "Begin it with #cloud-config, #!, #include, #cloud-boothook, #part-handler, ## template: jinja, or send a MIME multipart document.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;

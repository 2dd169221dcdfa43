import type { Cause } from "./cause.ts";

export const notAuthenticated = {
  code: "not-authenticated",
  title: "Nobody is signed in",
  meaning:
    "The request carries no session, API key or machine credentials, or they are no longer valid. Machines get new credentials whenever they are commissioned or deployed.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Sign in, or send an API key as bearer token. A machine must boot over the network again.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;

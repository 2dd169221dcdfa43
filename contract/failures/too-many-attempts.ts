import type { Cause } from "./cause.ts";

export const tooManyAttempts = {
  code: "too-many-attempts",
  title: "Too many attempts to sign in",
  meaning:
    "Sign-ins with this name or from this address have failed so often that further ones are refused for some minutes, right password or not.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Wait a few minutes.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const csrfToken = {
  code: "csrf-token",
  title: "A change from a browser carries no CSRF token",
  meaning:
    "A request that changes something came with a session cookie but without the session's token in its header, as a page of another site would send it.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "GET /api/v1/sessions/current tells the token.",
  test: "region/http/auth.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const wrongPassword = {
  code: "wrong-password",
  title: "User name or password is wrong",
  meaning:
    "A sign-in was refused. Whether the name or the password is wrong is not told, so that names cannot be found out.",
  blame: "operator",
  evidence: "None; the sentence says it all.",
  next: "Try again; an administrator can set a new password.",
  test: "region/http/problems.medium.test.ts",
} as const satisfies Cause;

import type { Cause } from "./cause.ts";

export const ldapUnreachable = {
  code: "ldap-unreachable",
  title: "An LDAP server cannot be asked who somebody is",
  meaning:
    "A user who has no password here wanted to log in, and the LDAP server that knows him did not answer, or not as it should. Users with a password here, sessions and API keys are not concerned.",
  blame: "outside",
  evidence: "The server's name here, and its answer or that of the network.",
  next: "Check the server's URL, its certificate and the account to search by (GET /api/v1/ldap-servers).",
  test: "region/users/ldap.medium.test.ts",
} as const satisfies Cause;

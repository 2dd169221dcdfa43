import type { Cause } from "./cause.ts";

export const oidcFailed = {
  code: "oidc-failed",
  title: "A log-in by OpenID Connect failed",
  meaning:
    "The provider could not be asked, refused, or sent back what does not fit the log-in that was begun here: too late, in another browser, or with settings that do not match the provider's.",
  blame: "outside",
  evidence: "What the provider said, or what did not fit.",
  next: "Log in again; if it fails the same way, compare issuer, client id, secret and redirect URI with the provider's settings.",
  test: "test/login/oidc.medium.test.ts",
} as const satisfies Cause;

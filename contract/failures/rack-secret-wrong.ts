import type { Cause } from "./cause.ts";

export const rackSecretWrong = {
  code: "rack-secret-wrong",
  title: "A rack does not know its secret",
  meaning:
    "Something that calls itself a rack could not prove that it knows the secret of that rack. It is refused, tries again by itself, and machines behind it are not served.",
  blame: "operator",
  evidence: "The address it came from.",
  next: "Copy the region's rack secret to the rack (the file named by --secret) and check the rack's name.",
  test: "region/failures/failures.medium.test.ts",
} as const satisfies Cause;

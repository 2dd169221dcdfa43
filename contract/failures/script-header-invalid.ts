import type { Cause } from "./cause.ts";

export const scriptHeaderInvalid = {
  code: "script-header-invalid",
  title: "A script's header is wrong",
  meaning:
    "The lines that say what a script is for cannot be read, or one of their fields has a value that is not allowed. The script is not taken.",
  blame: "operator",
  evidence: "The field, its value and what is allowed.",
  next: "docs/how-to/write-a-script.md shows a header, docs/reference/script-header.md lists its fields.",
  test: "region/scripts/header.test.ts",
} as const satisfies Cause;

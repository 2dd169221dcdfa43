/** What the caller asked for cannot be: a bad option, a name in use, a lab that is not there. */
export class LabRequestError extends Error {
  override readonly name = "LabRequestError";
}

/** The host cannot carry a lab: a program, a device or a right is missing, or a program failed. */
export class LabHostError extends Error {
  override readonly name = "LabHostError";
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code Node gives to errors of the operating system, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

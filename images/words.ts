/** The words of a text, split at white space: for lists of packages and fixed program options. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** `like` patterns take these three literally after a backslash. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** The `like` pattern of a lower-case text that contains this one. */
export const containsPattern = (text: string): string => `%${escapeLike(text.toLowerCase())}%`;

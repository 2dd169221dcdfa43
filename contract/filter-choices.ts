/** Choices a value means: spaces may be written as - or _, `*` stands for any characters. */
export function matchingChoices(text: string, choices: readonly string[]): string[] {
  const plain = text.toLowerCase().replaceAll(/[-_]/g, " ");
  const [first = "", ...rest] = plain.split("*");
  const last = rest.pop();
  return choices.filter((choice) => {
    const words = choice.replaceAll(/[-_]/g, " ");
    return last === undefined ? words === first : fitsParts(words, first, rest, last);
  });
}

/** Whether a text is `first`, then anything with the parts in between in their order, then `last`. In linear time. */
function fitsParts(text: string, first: string, between: readonly string[], last: string): boolean {
  let at = text.startsWith(first) ? first.length : -1;
  for (const part of between) {
    if (at === -1) return false;
    const found = text.indexOf(part, at);
    at = found === -1 ? -1 : found + part.length;
  }
  return at !== -1 && at + last.length <= text.length && text.endsWith(last);
}

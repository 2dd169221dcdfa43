/**
 * A message with the `{names}` in it filled in from the context; `{{` and `}}` are braces. Names the context does not have
 * stay as they are, and are told.
 */
export function fillIn(
  message: string,
  context: Readonly<Record<string, unknown>>,
): { text: string; missing: string[] } {
  const missing: string[] = [];
  const text = message.replaceAll(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    if (Object.hasOwn(context, name)) return String(context[name]);
    missing.push(name);
    return whole;
  });
  return { text, missing };
}

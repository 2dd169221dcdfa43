/** A relative link of a page. */
export interface Link {
  readonly line: number;
  readonly path: string;
  /** The heading it leads to, without `#`; empty: the page itself. */
  readonly anchor: string;
}

/** A piece of code of a page: a line of a block, or words in the text. */
export interface Code {
  readonly line: number;
  readonly text: string;
  readonly block: boolean;
}

type Line = { number: number; text: string; block: boolean };

/** The lines of a page, and which of them are code: between fences, or indented by four spaces more than the text. */
function linesOf(page: string): Line[] {
  let fenced = false;
  return page.split("\n").flatMap((text, index) => {
    const fence = /^\s*```/.test(text);
    if (fence) fenced = !fenced;
    return fence ? [] : [{ number: index + 1, text, block: fenced || /^ {4}/.test(text) }];
  });
}

/** All links of a page that lead to a file of the repository. */
export function linksOf(page: string): Link[] {
  return linesOf(page).flatMap(({ number, text, block }) => {
    if (block) return [];
    const plain = text.replaceAll(/`[^`]*`/g, (code) => code.replaceAll(/[()[\]]/g, "_"));
    return [...plain.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target = ""]) => {
      if (/^[a-z]+:/i.test(target)) return [];
      const [path = "", anchor = ""] = target.split("#");
      return [{ line: number, path, anchor }];
    });
  });
}

/** Names by which the headings of a page can be linked to, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return linesOf(page).flatMap(({ text, block }) => {
    const title = block ? undefined : /^#{1,6} (.+)$/.exec(text)?.[1];
    if (title === undefined) return [];
    const words = title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "");
    return [words.replaceAll(" ", "-")];
  });
}

/** All code of a page, lines that end in a backslash joined with those that follow. */
export function codeOf(page: string): Code[] {
  const found: Code[] = [];
  let open: { line: number; text: string } | null = null;
  for (const { number, text, block } of linesOf(page)) {
    if (!block) {
      for (const [, words = ""] of text.matchAll(/`([^`]+)`/g)) found.push({ line: number, text: words, block: false });
      continue;
    }
    const begun: { line: number; text: string } = open ?? { line: number, text: "" };
    const whole = begun.text + text.replace(/\\$/, " ");
    open = text.endsWith("\\") ? { line: begun.line, text: whole } : null;
    if (open === null) found.push({ line: begun.line, text: whole, block: true });
  }
  return found;
}

/**
 * The arguments of each call of rackwright in shell: up to a pipe, a redirection, a comment or its end. The bare name
 * counts at the beginning only, since it is also that of accounts, folders and databases.
 */
export function callsIn(shell: string): string[][] {
  return [...shell.matchAll(/(?:^\s*(?:\.\/)?|\.\/)rackwright(?= \S|$)/g)].map((start) => {
    const words: string[] = [];
    const rest = shell.slice(start.index + start[0].length);
    for (const [, single, double, bare] of rest.matchAll(/\s*(?:'([^']*)'|"([^"]*)"|([^\s'"|<>;&()#]+)|\S)/g)) {
      const word = single ?? double ?? bare;
      if (word === undefined) break;
      words.push(word);
    }
    return words;
  });
}

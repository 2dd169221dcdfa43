/**
 * libxml cannot be interrupted while it evaluates an expression: no time-out of PostgreSQL ends it before it is done.
 * So an expression that takes more than about the square of the document's size is refused before it is asked. Only
 * the shape is looked at here; whether it is XPath at all, libxml says.
 */

const tokens =
  /"[^"]*"|'[^']*'|\d+(?:\.\d*)?|\.\d+|::|\/\/|\/|\.\.|\.|\[|\]|\(|\)|,|\||!=|<=|>=|[=<>+$@*-]|[^\s"'/[\](),|!=<>+$@*:.-][^\s"'/[\](),|!=<>+$@*:]*|\S/gu;
const downwards = /^(descendant|descendant-or-self)$/;
const upwards = /^(parent|ancestor|ancestor-or-self)$/;
const sideways = /^(following|preceding)(-sibling)?$/;
const wideUpwards = /^ancestor(-or-self)?$/;
/** After one of these a name or `*` is a part of a path; after anything else it is an operator (XPath 1.0, 3.7). */
const beforeOperand = /^(@|::|\(|\[|,|\/|\/\/|\||\+|-|=|!=|<|<=|>|>=|\$)$/;
const operatorName = /^(and|or|mod|div|\*)$/;

type Place = { brackets: number; wentUp: boolean };

/** What one token makes too much of, or null. `startsPath`: nothing of a path is before it. */
function tooWide(token: string, isAxis: boolean, startsPath: boolean, { brackets, wentUp }: Place): string | null {
  const slashes = token === "/" || token === "//";
  if (slashes && startsPath && brackets > 0)
    return "a path inside [ ] must not begin at the root: it would be gone through once for every node; write it outside, joined with 'and'";
  const down = token === "//" || (isAxis && downwards.test(token));
  if (down && wentUp && brackets > 0) return "a path inside [ ] must not go up and then search everything below";
  if ((down || (isAxis && wideUpwards.test(token))) && brackets > 2)
    return "'//', descendant:: and ancestor:: may be inside two levels of [ ] at most";
  if (isAxis && sideways.test(token) && !(brackets === 1 && startsPath))
    return `${token}:: may only begin a path inside one level of [ ]`;
  const up = token === ".." || (isAxis && upwards.test(token));
  return up && brackets > 2 ? "'..', parent:: and ancestor:: may be inside two levels of [ ] at most" : null;
}

/** Why an expression is not asked of libxml: its brackets do not match, or it could take too long. Null: it may be asked. */
export function refuseXpath(expression: string): string | null {
  const all = expression.match(tokens) ?? [];
  const open: string[] = [];
  let wentUp = false;
  let previous: string | null = null;
  for (const [index, token] of all.entries()) {
    const operand: boolean = previous === null || beforeOperand.test(previous) || previous === "operator";
    const isOperator: boolean = !operand && operatorName.test(token);
    const isAxis = operand && all[index + 1] === "::";
    const startsPath: boolean =
      operand && previous !== "/" && previous !== "//" && previous !== "::" && previous !== "@";
    const brackets = open.filter((one) => one === "[").length;
    const problem = tooWide(token, isAxis, startsPath, { brackets, wentUp });
    if (problem !== null) return problem;
    if (token === "[" || token === "(") open.push(token);
    if (token === "]" || token === ")") {
      if (open.pop() !== (token === "]" ? "[" : "(")) return `a '${token}' has no opening bracket`;
    }
    if (isOperator || /^([[,|+=<>-]|!=|<=|>=)$/.test(token)) wentUp = false;
    if (token === ".." || (isAxis && upwards.test(token))) wentUp = true;
    previous = isOperator ? "operator" : token;
  }
  return open.length > 0 ? `a '${open.at(-1)}' is not closed` : null;
}

import type { Operation, Resource } from "./operation.ts";

type Pattern = { segments: string[]; resource: Resource };

export type Found = {
  resource: Resource;
  path: Record<string, string>;
  /** From a last segment `op-NAME`. */ op: string | null;
};

/** How a path finds its resource; `method` is needed to tell `machines/op-deploy` from an item of that name. */
export type Router = (path: string, method: string) => Found | null;

const isPlaceholder = (segment: string) => segment.startsWith("{");
const nameOf = (segment: string) => segment.replaceAll(/[{}*]/g, "");

/** The operation for a method and op, or undefined. */
export function operationOf({ operations }: Resource, method: string, op: string | null): Operation | undefined {
  const key = op === null ? method : `${method} ${op}`;
  return Object.hasOwn(operations, key) ? operations[key] : undefined;
}

/** A path template as describe/ shows it: without the mark of placeholders that may hold slashes. */
export const shownPath = (path: string): string => path.replaceAll("*}", "}");

/** Names of a template's placeholders, in their order. */
export const placeholders = (path: string): string[] => path.split("/").filter(isPlaceholder).map(nameOf);

/**
 * Finds resources by paths below the base, as they came: percent-encoded, with doubled slashes, with or without the one at
 * the end. Literal segments win over placeholders.
 */
export function routerOf(resources: readonly Resource[]): Router {
  const patterns = resources.flatMap((resource): Pattern[] =>
    [resource.path, ...(resource.aliases ?? [])].map((path) => ({
      segments: path.split("/").filter((segment) => segment !== ""),
      resource,
    })),
  );
  const byFirst = Map.groupBy(patterns, ({ segments }) => segments[0] ?? "");
  for (const [, group] of byFirst) group.sort((a, b) => literals(b) - literals(a));

  const find = (segments: string[]): Omit<Found, "op"> | null => {
    for (const { segments: wanted, resource } of byFirst.get(segments[0] ?? "") ?? []) {
      const path = match(wanted, segments);
      if (path !== null) return { resource, path };
    }
    return null;
  };
  return (path, method) => {
    const segments = path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decode);
    if (!segments.every((segment) => segment !== null)) return null;
    const op = /^op-(\w+)$/.exec(segments.at(-1) ?? "")?.[1];
    if (op !== undefined) {
      const found = find(segments.slice(0, -1));
      if (found && found.resource.path.endsWith("/") && operationOf(found.resource, method, op))
        return { ...found, op };
    }
    const found = find(segments);
    return found && { ...found, op: null };
  };
}

const literals = ({ segments }: Pattern) => segments.filter((segment) => !isPlaceholder(segment)).length;

function match(wanted: readonly string[], segments: readonly string[]): Record<string, string> | null {
  const path: Record<string, string> = {};
  // At most one placeholder of a path takes as many segments as there are too many.
  const more = segments.length - wanted.length;
  let at = 0;
  for (const segment of wanted) {
    const greedy = segment.endsWith("*}");
    const part = segments.slice(at, at + 1 + (greedy ? more : 0));
    if (part.length === 0) return null;
    if (isPlaceholder(segment)) path[nameOf(segment)] = part.join("/");
    else if (part[0] !== segment) return null;
    at += part.length;
  }
  return at === segments.length ? path : null;
}

function decode(segment: string): string | null {
  try {
    const text = decodeURIComponent(segment);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

import { InputError } from "../errors.ts";

/** A disk or partition an allocation asks for: at least so many bytes, with all the tags. */
export type StorageWish = { label: string | null; size: number; tags: string[]; partition: boolean };

const mostItems = 100;
const item = /^(?:([A-Za-z0-9]{1,200}):)?(\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:\(([^()]*)\))?$/;
/** The tag that asks for a partition instead of a disk. */
const partitionTag = "partition";

/**
 * Reads what storage an allocation asks for: `[label:]size[(tag[,tag…])][,…]`, sizes in GB (10⁹ bytes). The first is where
 * `/` is.
 *
 * @throws InputError on the field `storage`
 */
export function parseStorageWish(text: string): StorageWish[] {
  // A comma between parentheses separates tags.
  const items = text.split(/,(?![^(]*\))/, mostItems + 1);
  const malformed = (): InputError =>
    InputError.field(
      "storage",
      text.slice(0, 200),
      "Malformed storage constraint: must be like root:20(ssd),data:500(hdd,raid)",
    );
  if (items.length > mostItems)
    throw InputError.field("storage", text.slice(0, 200), `must have at most ${mostItems} items`);
  const labels = new Set<string>();
  return items.map((each) => {
    const [, label, size, list] = item.exec(each) ?? [];
    if (size === undefined) throw malformed();
    const tags = list === undefined ? [] : list.split(",").map((tag) => tag.trim());
    if (tags.includes("") || tags.some((tag) => /\s/.test(tag))) throw malformed();
    if (label !== undefined && labels.has(label)) throw InputError.field("storage", label, "must use each label once");
    if (label !== undefined) labels.add(label);
    const wanted = [...new Set(tags)];
    return {
      label: label ?? null,
      size: Math.round(Number(size) * 1e9),
      tags: wanted.filter((tag) => tag !== partitionTag),
      partition: wanted.includes(partitionTag),
    };
  });
}

/** A disk or partition as far as wishes look at it. `free`: nothing is on it; `root`: `/` is on it. */
export type StoragePiece = {
  id: number;
  kind: "device" | "partition";
  size: number;
  tags: readonly string[];
  free: boolean;
  root: boolean;
};
/** What was chosen for each label: ids of disks, and `partition:ID`. */
export type StorageMatch = Record<string, (number | string)[]>;

/**
 * Finds a piece for each wish: the first is where `/` is, the others are free; each piece once, the smallest that fits,
 * those with more tags first. Null where that is not possible.
 */
export function matchStorage(wishes: readonly StorageWish[], pieces: readonly StoragePiece[]): StorageMatch | null {
  const taken = new Set<StoragePiece>();
  const match: StorageMatch = {};
  const fits = (piece: StoragePiece, { size, tags, partition }: StorageWish): boolean =>
    piece.kind === (partition ? "partition" : "device") &&
    piece.size >= size &&
    tags.every((tag) => piece.tags.includes(tag));
  const take = (wish: StorageWish, found: StoragePiece | undefined): boolean => {
    if (found === undefined) return false;
    taken.add(found);
    if (wish.label !== null) match[wish.label] = [found.kind === "partition" ? `partition:${found.id}` : found.id];
    return true;
  };
  const [root, ...others] = wishes;
  if (
    root &&
    !take(
      root,
      pieces.find((piece) => piece.root && fits(piece, root)),
    )
  )
    return null;
  const bySize = pieces.filter(({ free }) => free).toSorted((a, b) => a.size - b.size || a.id - b.id);
  for (const wish of others.toSorted((a, b) => b.tags.length - a.tags.length))
    if (
      !take(
        wish,
        bySize.find((piece) => !taken.has(piece) && fits(piece, wish)),
      )
    )
      return null;
  return match;
}

// Whether a string begins with one of many prefixes. A document may have a hundred thousand of them, and each attribute
// or path of a request is compared. So they are sorted once, and each comparison is a binary search.

declare const sorted: unique symbol

/** Ascending by UTF-16 units; none begins with another. Only {@link sortPrefixes} makes one. */
export type Prefixes = readonly string[] & { readonly [sorted]: true }

export function sortPrefixes(prefixes: readonly string[]): Prefixes {
  const kept: string[] = []
  for (const text of [...prefixes].sort()) {
    const last = kept.at(-1)
    // A string that begins with a prefix sorts right after it, and is redundant.
    if (last === undefined || !text.startsWith(last)) kept.push(text)
  }
  return kept as unknown as Prefixes
}

/** Whether `text` begins with one of `prefixes`. `probe` is called at each comparison, for tests that count them. */
export function beginsWithAny(text: string, prefixes: Prefixes, probe?: () => void): boolean {
  let low = 0
  let high = prefixes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    probe?.()
    if ((prefixes[middle] ?? '') <= text) low = middle + 1
    else high = middle
  }
  // A prefix of `text` is the greatest entry that is not greater than `text`: everything between the two begins with
  // it.
  const nearest = prefixes[low - 1]
  return nearest !== undefined && text.startsWith(nearest)
}

/** Lists that are already sorted. A list is part of a compiled document and never changes. */
const SORTED = new WeakMap<readonly string[], Prefixes>()

/** Like {@link beginsWithAny}, for a plain list of a compiled document. The list is sorted at its first use. */
export function beginsWithAnyListed(text: string, list: readonly string[]): boolean {
  let prefixes = SORTED.get(list)
  if (prefixes === undefined) {
    prefixes = sortPrefixes(list)
    SORTED.set(list, prefixes)
  }
  return beginsWithAny(text, prefixes)
}

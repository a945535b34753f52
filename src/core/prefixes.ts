// Which of many prefixes a string begins with. A document may hold a hundred thousand of them, and each is asked for each
// attribute or path of a request: so they are sorted once, and an answer takes a binary search.

declare const sorted: unique symbol

/** Ascending by UTF-16 units, and none begins with another. Only {@link sortPrefixes} makes one. */
export type Prefixes = readonly string[] & { readonly [sorted]: true }

export function sortPrefixes(texts: readonly string[]): Prefixes {
  const kept: string[] = []
  for (const text of [...texts].sort()) {
    const last = kept.at(-1)
    // What begins with a prefix follows it at once, and adds nothing to it.
    if (last === undefined || !text.startsWith(last)) kept.push(text)
  }
  return kept as unknown as Prefixes
}

/** Whether `text` begins with one of `prefixes`. `probe` is told of each one that is compared: for tests that count. */
export function beginsWithAny(text: string, prefixes: Prefixes, probe?: () => void): boolean {
  let low = 0
  let high = prefixes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    probe?.()
    if ((prefixes[middle] ?? '') <= text) low = middle + 1
    else high = middle
  }
  // A prefix of `text` is the greatest one that is not greater than it: whatever lies between the two begins with it.
  const nearest = prefixes[low - 1]
  return nearest !== undefined && text.startsWith(nearest)
}

/** Lists that were sorted already: a list is part of a compiled document and never changes. */
const SORTED = new WeakMap<readonly string[], Prefixes>()

/** The same for a plain list of a compiled document, which is sorted the first time. */
export function beginsWithAnyListed(text: string, texts: readonly string[]): boolean {
  let prefixes = SORTED.get(texts)
  if (prefixes === undefined) {
    prefixes = sortPrefixes(texts)
    SORTED.set(texts, prefixes)
  }
  return beginsWithAny(text, prefixes)
}

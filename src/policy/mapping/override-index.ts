// Which overrides can hold for a workload, found by value: a thousand workloads and ten thousand overrides are ten million
// comparisons otherwise.
import type { Attributes, AttributeValue } from '../../attribute/attribute.ts'
import type { IssuanceOverride, Match } from './issuance.ts'

export interface OverrideIndex {
  /** Indexes of overrides, ascending, by attribute and value of the one match that is looked for first. */
  readonly byMatch: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>
  /** Overrides with a condition and no match, ascending. An override with neither never holds and is not indexed. */
  readonly byCondition: readonly number[]
}

export interface Candidates {
  /** Ascending each; an override may be in several. All others cannot hold. */
  readonly lists: readonly (readonly number[])[]
  /** One unit for each value looked up. */
  readonly fuel: number
}

/** Made once for each version of a document. */
const INDEXES = new WeakMap<readonly IssuanceOverride[], OverrideIndex>()

/** The index of the overrides of one policy, made at its first use; the weight of a document counts it as well. */
export function findOverrideIndex(overrides: readonly IssuanceOverride[]): OverrideIndex {
  const known = INDEXES.get(overrides)
  if (known !== undefined) return known
  const index = indexOverrides(overrides)
  INDEXES.set(overrides, index)
  return index
}

/** The overrides that may hold. */
export function findCandidates(overrides: readonly IssuanceOverride[], attributes: Attributes): Candidates {
  const { byMatch, byCondition } = findOverrideIndex(overrides)
  const lists: (readonly number[])[] = byCondition.length === 0 ? [] : [byCondition]
  let fuel = 1
  // Whichever side has fewer: a document may look for ten thousand attributes, and a workload has a few.
  if (byMatch.size <= attributes.size) {
    for (const [name, byValue] of byMatch) fuel += findLists(byValue, attributes.get(name), lists)
  } else {
    for (const [name, value] of attributes) fuel += findLists(byMatch.get(name), value, lists)
  }
  return { lists, fuel }
}

/** Adds the lists of the overrides that require one of the values. Returns the number of values looked up. */
function findLists(
  byValue: ReadonlyMap<string, readonly number[]> | undefined,
  value: AttributeValue | undefined,
  lists: (readonly number[])[],
): number {
  if (byValue === undefined || value === undefined) return 1
  const texts = listTexts(value)
  for (const text of texts) {
    const found = byValue.get(text)
    if (found !== undefined) lists.push(found)
  }
  return 1 + texts.length
}

/** Lists the values as a match compares them: a count as a string. */
function listTexts(value: AttributeValue): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

function indexOverrides(overrides: readonly IssuanceOverride[]): OverrideIndex {
  const uses = new Map<string, Map<string, number>>()
  for (const { when } of overrides) {
    for (const { attribute, values } of when) {
      const counts = findOrAdd(uses, attribute, () => new Map<string, number>())
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  }
  /** Among how many overrides a match leaves the choice. */
  function countAmbiguity({ attribute, values }: Match): number {
    const counts = uses.get(attribute)
    let sum = 0
    for (const value of values) sum += counts?.get(value) ?? 0
    return sum
  }

  const byMatch = new Map<string, Map<string, number[]>>()
  const byCondition: number[] = []
  for (const [at, { when, condition }] of overrides.entries()) {
    let anchor: Match | undefined
    // Asked once of each match: one override may have thousands, with thousands of values.
    let least = Number.POSITIVE_INFINITY
    for (const match of when) {
      const among = countAmbiguity(match)
      if (among >= least) continue
      anchor = match
      least = among
    }
    if (anchor === undefined) {
      if (condition !== undefined) byCondition.push(at)
      continue
    }
    const byValue = findOrAdd(byMatch, anchor.attribute, () => new Map<string, number[]>())
    for (const value of anchor.values) findOrAdd(byValue, value, () => []).push(at)
  }
  return { byMatch, byCondition }
}

function findOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

// What a compiled document takes of memory: the cache counts by it. The size of its text says little: a comment compiles
// to nothing, and a pattern of ten characters to sixty thousand bytes.
import { CATALOGUE } from '../../attribute/catalogue.ts'
import { weighHeap } from '../../core/heap-weight.ts'
import type { IssuancePolicy } from '../../policy/mapping/issuance.ts'
import { findOverrideIndex } from '../../policy/mapping/override-index.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'

/**
 * Bytes of heap for a compiled section, with the issues that are kept with it and the document that it was compiled from.
 * Walks the whole value, so it is called once for each version and its result is kept.
 */
export function weighCompiled(value: unknown, issues: readonly LocatedIssue[], document: Uint8Array): number {
  return weighHeap([value, issues, findDerived(value)], CATALOGUE) + weighText(document)
}

/** A slice of a string keeps the whole of it: one value as it stood in the text may keep the text. */
function weighText(document: Uint8Array): number {
  for (let at = 0; at < document.length; at++) if ((document[at] ?? 0) >= 0x80) return 2 * document.length
  return document.length
}

/** What is made of a value at its first use and lives as long as it does, but not in a field of it. */
function findDerived(value: unknown): unknown {
  return isIssuancePolicy(value) ? findOverrideIndex(value.overrides) : undefined
}

function isIssuancePolicy(value: unknown): value is IssuancePolicy {
  return typeof value === 'object' && value !== null && 'base' in value && 'overrides' in value && 'uses' in value
}

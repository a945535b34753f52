// Normalized pins: JSON data in which every array is a set, independent of how the author wrote it.
import type { Requirement } from '../../attest/shapes.ts'
import { digestText } from '../../core/digest.ts'
import { type Json, writeCanonicalJson } from '../../core/json.ts'

/** Lists are sorted, each entry once; a member without a value is left out. */
function normalizePins(pins: unknown): Json {
  if (Array.isArray(pins)) return [...new Set(pins.map((item) => writeCanonicalJson(normalizePins(item))))].sort()
  if (typeof pins === 'object' && pins !== null) {
    const members = Object.entries(pins).filter(([, value]) => value !== undefined)
    return Object.fromEntries(members.map(([name, value]) => [name, normalizePins(value)]))
  }
  return typeof pins === 'string' || typeof pins === 'number' || typeof pins === 'boolean' ? pins : null
}

/** What a requirement asks of evidence besides its anchor. Evidence is chosen by the selector, so that decides as well. */
export function describeAsked({ selector, pins }: Requirement): Json {
  return { selector: selector ?? null, pins: normalizePins(pins) }
}

/** Equal for requirements that ask the same. */
export function digestAsked(requirement: Requirement): string {
  return digestText(writeCanonicalJson(describeAsked(requirement)))
}

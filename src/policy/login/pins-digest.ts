// Pins as what decides, and not as they were written: JSON data in which every list is a set.
import type { Requirement } from '../../attest/attestor.ts'
import { digestText } from '../../core/digest.ts'
import { canonicalJson, type Json } from '../../core/json.ts'

/** Lists are sorted, each entry once; a member without a value is left out. */
function pinsAsSets(pins: unknown): Json {
  if (Array.isArray(pins)) return [...new Set(pins.map((item) => canonicalJson(pinsAsSets(item))))].sort()
  if (typeof pins === 'object' && pins !== null) {
    const members = Object.entries(pins).filter(([, value]) => value !== undefined)
    return Object.fromEntries(members.map(([name, value]) => [name, pinsAsSets(value)]))
  }
  return typeof pins === 'string' || typeof pins === 'number' || typeof pins === 'boolean' ? pins : null
}

/** What a requirement asks of evidence besides its anchor. Evidence is chosen by the selector, so that decides as well. */
export function describeAsked({ selector, pins }: Requirement): Json {
  return { selector: selector ?? null, pins: pinsAsSets(pins) }
}

/** Equal for requirements that ask the same. */
export function digestAsked(requirement: Requirement): string {
  return digestText(canonicalJson(describeAsked(requirement)))
}

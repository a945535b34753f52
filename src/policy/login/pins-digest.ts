// Normalized pins: JSON data in which every array is a set, independent of how the author wrote it.
import { digestText } from '../../core/digest.ts'
import { canonicalJson, type Json } from '../../core/json.ts'

/** Lists are sorted, each entry once; a member without a value is left out. */
export function normalizePins(pins: unknown): Json {
  if (Array.isArray(pins)) return [...new Set(pins.map((item) => canonicalJson(normalizePins(item))))].sort()
  if (typeof pins === 'object' && pins !== null) {
    const members = Object.entries(pins).filter(([, value]) => value !== undefined)
    return Object.fromEntries(members.map(([name, value]) => [name, normalizePins(value)]))
  }
  return typeof pins === 'string' || typeof pins === 'number' || typeof pins === 'boolean' ? pins : null
}

/** Computes a digest that is equal for pins with the same requirements. */
export function digestPins(pins: unknown): string {
  return digestText(canonicalJson(normalizePins(pins)))
}

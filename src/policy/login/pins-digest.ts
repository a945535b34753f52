// Pins as what decides, and not as they were written: JSON data in which every list is a set.
import { digestText } from '../../core/digest.ts'
import { type Json, writeCanonicalJson } from '../../core/json.ts'

/** Lists are sorted, each entry once; a member without a value is left out. */
export function normalizePins(pins: unknown): Json {
  if (Array.isArray(pins)) return [...new Set(pins.map((item) => writeCanonicalJson(normalizePins(item))))].sort()
  if (typeof pins === 'object' && pins !== null) {
    const members = Object.entries(pins).filter(([, value]) => value !== undefined)
    return Object.fromEntries(members.map(([name, value]) => [name, normalizePins(value)]))
  }
  return typeof pins === 'string' || typeof pins === 'number' || typeof pins === 'boolean' ? pins : null
}

/** Equal for pins that ask the same. */
export function digestPins(pins: unknown): string {
  return digestText(writeCanonicalJson(normalizePins(pins)))
}

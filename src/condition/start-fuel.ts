// What an evaluation costs before its first instruction: the call, loading the program where it gave way to others, and
// copying the attributes. The VM meters none of it, so a condition such as `false && x == "..."` could copy 256 KiB for
// three units. Counted from lengths alone, so that it is known before anything is copied, and is the same on every host
// and whatever has been loaded before.
import type { Attributes, AttributeValue } from '../attribute/attribute.ts'
import type { Program } from './emit.ts'

/** Measured: a unit is at most some 40 ns; most of it where text is not Latin. */
const CALL = 8
const SLOT_FUEL = 1
const TEXT_FUEL = 4
const ELEMENT_FUEL = 16
const PROGRAM_BYTES_SHIFT = 5
const TEXT_UNITS_SHIFT = 2

/** Fuel for starting `program` over `attributes`. */
export function computeStartFuel({ bytes, slots }: Program, attributes: Attributes): number {
  let fuel = CALL + (bytes.length >> PROGRAM_BYTES_SHIFT)
  for (const { name } of slots) fuel += SLOT_FUEL + computeCopyFuel(attributes.get(name))
  return fuel
}

function computeCopyFuel(value: AttributeValue | undefined): number {
  if (typeof value === 'string') return TEXT_FUEL + (value.length >> TEXT_UNITS_SHIFT)
  if (typeof value !== 'object') return 0
  let units = 0
  for (const text of value) units += text.length
  return value.length * ELEMENT_FUEL + (units >> TEXT_UNITS_SHIFT)
}

// What rendering a template costs, as fuel: an upper bound from lengths alone, known before anything is rendered. Bytes of
// output bound nothing here: eighty times `replace("a", "")` on 16 KiB yield an empty claim.
import type { Attributes } from '../attribute/attribute.ts'
import { countFilteredUnits } from './filter.ts'
import type { Reference } from './syntax.ts'
import type { Template } from './template.ts'

/** Measured: a unit is at most some 40 ns. Filters cost more than reading, since they split and join. */
const TEMPLATE_FUEL = 8
const VALUE_FUEL = 8
const FILTER_FUEL = 4
const STATIC_UNITS_SHIFT = 4
const VALUE_UNITS_SHIFT = 3
const FILTER_UNITS_SHIFT = 1

/** Fuel for rendering `template`; deterministic, so a workload is refused alike on every host. */
export function computeRenderFuel({ text, references }: Template, attributes: Attributes): number {
  let fuel = TEMPLATE_FUEL + (text.length >> STATIC_UNITS_SHIFT)
  for (const reference of references) {
    const value = attributes.get(reference.attribute.name)
    if (typeof value === 'object') {
      // Each value of a list is filtered by itself.
      for (const one of value) fuel += computeValueFuel(reference, one.length)
    } else fuel += computeValueFuel(reference, typeof value === 'string' ? value.length : undefined)
  }
  return fuel
}

function computeValueFuel({ filters }: Reference, length: number | undefined): number {
  const read = VALUE_FUEL + ((length ?? 0) >> VALUE_UNITS_SHIFT)
  if (filters.length === 0) return read
  return read + filters.length * FILTER_FUEL + (countFilteredUnits(filters, length) >> FILTER_UNITS_SHIFT)
}

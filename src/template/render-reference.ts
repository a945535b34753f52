// Renders a reference to a string. A value that is invalid by itself is `attribute_invalid`; a fault of the whole (a
// segment "..", a label that ends in "-") has the code of the surface; a length is always `value_too_long`.
import type { Attributes, AttributeValue } from '../attribute/attribute.ts'
import type { Surface } from '../attribute/row.ts'
import { ATTRIBUTE_VALUE_MAX_BYTES, FILTER_OUTPUT_MAX_BYTES } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Refusal, RefusalCode } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { exceedsUtf8 } from '../core/utf8.ts'
import { applyFilters } from './filter.ts'
import { type Reference, SURFACE_NAMES } from './syntax.ts'

/** Refuses a value. The detail names the attribute, the surface, the fault (`what`) and the next step (`fix`). */
export function refuseValue(
  code: RefusalCode,
  reference: Reference,
  surface: Surface,
  what: string,
  fix: string,
): { readonly ok: false; readonly refusal: Refusal } {
  const { name } = reference.attribute
  return refuse({ code, where: name, detail: `Cannot use ${name} in ${SURFACE_NAMES[surface]}: ${what}; ${fix}` })
}

/** Reads the one value of a reference as a string, before its filters; `undefined` if the attribute is absent. */
export function readRaw(reference: Reference, attributes: Attributes, surface: Surface): Checked<string | undefined> {
  const value = attributes.get(reference.attribute.name)
  if (typeof value !== 'object') return readOne(value, reference, surface)
  if (value.length === 1) return readOne(value[0], reference, surface)
  const what = `it has ${value.length} values`
  return refuseValue(
    'attribute_invalid',
    reference,
    surface,
    what,
    'only a claim that consists of this reference alone may be a list',
  )
}

function readOne(
  value: Exclude<AttributeValue, readonly string[]> | undefined,
  reference: Reference,
  surface: Surface,
): Checked<string | undefined> {
  if (value === undefined) return pass(undefined)
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return pass(String(value))
    return refuseValue('attribute_invalid', reference, surface, 'its value is not an integer', 'send an integer')
  }
  if (exceedsUtf8(value, ATTRIBUTE_VALUE_MAX_BYTES)) {
    const what = `its value is longer than ${ATTRIBUTE_VALUE_MAX_BYTES} bytes`
    return refuseValue('value_too_long', reference, surface, what, 'use another attribute')
  }
  if (value.isWellFormed()) return pass(value)
  const what = `its value ${quoteText(value)} contains an unpaired surrogate`
  return refuseValue('attribute_invalid', reference, surface, what, 'no filter can fix this')
}

/** Runs the filters of a reference on its value, or on its absence. */
export function filterRaw(reference: Reference, raw: string | undefined, surface: Surface): Checked<string> {
  const filtered = applyFilters(reference.filters, raw)
  if (filtered.ok) return pass(filtered.text)
  if (filtered.reason === 'absent') {
    return refuseValue(
      'attribute_missing',
      reference,
      surface,
      'it is absent',
      'the filter default("...") supplies a value',
    )
  }
  const what = `the output of ${filtered.filter} is longer than ${FILTER_OUTPUT_MAX_BYTES} bytes`
  return refuseValue('value_too_long', reference, surface, what, 'use another attribute')
}

/** Renders a reference: its value after its filters. */
export function renderReference(reference: Reference, attributes: Attributes, surface: Surface): Checked<string> {
  const raw = readRaw(reference, attributes, surface)
  return raw.ok ? filterRaw(reference, raw.value, surface) : raw
}

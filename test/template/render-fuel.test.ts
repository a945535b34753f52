import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { FILTER_OUTPUT_MAX_BYTES } from '../../src/core/limits.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { applyFilters, countFilteredUnits, type Filter } from '../../src/template/filter.ts'
import { computeRenderFuel } from '../../src/template/render-fuel.ts'

const A = 'kubernetes.pod.annotation[a]'

function fuelOf(text: string, value: AttributeValue | undefined): number {
  const { template } = compileTemplate(text, 'jwtClaim', [])
  if (template === undefined) throw new Error('it compiles')
  return computeRenderFuel(template, value === undefined ? new Map() : new Map([[A, value]]))
}

describe('computeRenderFuel()', () => {
  const long = 'x'.repeat(16_000)

  // Computed by the test itself, not while the file is loaded: a mutant must be able to change them.
  it.each<[string, () => number, () => number]>([
    ['a longer value', () => fuelOf(`{{${A}}}`, long), () => fuelOf(`{{${A}}}`, 'x') + 1900],
    ['another reference', () => fuelOf(`{{${A}}}-{{${A}}}`, long), () => fuelOf(`{{${A}}}`, long) * 1.9],
    ['a filter', () => fuelOf(`{{${A} | lower}}`, long), () => fuelOf(`{{${A}}}`, long) * 2],
    ['each of several filters', () => fuelOf(`{{${A} | lower | lower}}`, 'x'.repeat(2000)), () => 2000],
    [
      'a filter behind a long default',
      () => fuelOf(`{{${A} | default("${long.slice(0, 2000)}") | lower}}`, undefined),
      () => 1000,
    ],
    [
      'each value of a list',
      () =>
        fuelOf(
          `{{${A}}}`,
          Array.from({ length: 1000 }, () => ''),
        ),
      () => 8000,
    ],
    ['static text', () => fuelOf(`{{${A}}}${long.slice(0, 4000)}`, 'x'), () => 250],
  ])('is more for %s', (_what, more, less) => expect(more()).toBeGreaterThan(less()))

  it('is of a template, its text, each value and each filter', () => {
    expect(fuelOf(`{{${A}}}`, 'x'.repeat(80))).toBe(8 + (`{{${A}}}`.length >> 4) + 8 + 10)
    expect(fuelOf(`{{${A}}}`, undefined)).toBe(8 + (`{{${A}}}`.length >> 4) + 8)
    const filtered = `{{${A} | lower | lower}}`
    expect(fuelOf(filtered, '')).toBe(8 + (filtered.length >> 4) + 8 + 2 * 4)
    expect(fuelOf(filtered, ['', ''])).toBe(8 + (filtered.length >> 4) + 2 * (8 + 2 * 4))
  })

  it('is small for what real templates read', () => {
    expect(fuelOf(`{{${A} | replace(":", "-") | default("none")}}`, 'ReplicaSet:web-1')).toBeLessThan(64)
  })
})

describe('countFilteredUnits()', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '€'), minLength: 1, maxLength: 4 })
  const filter: fc.Arbitrary<Filter> = fc.oneof(
    fc.constant<Filter>({ name: 'lower', args: [] }),
    fc
      .tuple(text, fc.string({ unit: fc.constantFrom('a', 'B'), maxLength: 40 }))
      .map(([from, to]): Filter => ({ name: 'replace', args: [from, to] })),
    text.map((fallback): Filter => ({ name: 'default', args: [fallback] })),
  )
  const value = fc.option(
    fc.tuple(text, fc.nat(900)).map(([part, count]) => part.repeat(count)),
    { nil: undefined },
  )

  it('is at least what the filters read, whatever the value is', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), value, (filters, raw) => {
        let read = 0
        let current = raw
        for (const one of filters) {
          if (current !== undefined) read += current.length
          const step = applyFilters([one], current)
          if (!step.ok && step.reason === 'too_long') break
          current = step.ok ? step.text : undefined
        }
        expect(countFilteredUnits(filters, raw?.length)).toBeGreaterThanOrEqual(read)
      }),
    )
  })

  it('is no more than the longest output for each filter after the first', () => {
    const grow: Filter = { name: 'replace', args: ['a', 'aaaa'] }
    expect(
      countFilteredUnits(
        Array.from({ length: 10 }, () => grow),
        1000,
      ),
    ).toBeLessThanOrEqual(1000 + 9 * FILTER_OUTPUT_MAX_BYTES)
  })
})

// Claims are read as the type that their issuer gives them, within bounds; a claim of another type is a refusal that names it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTypedClaims } from '../../../src/attest/oidc/typed-claims.ts'
import type { Json, JsonObject } from '../../../src/core/json.ts'
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../../src/core/limits.ts'

const GOOD: Readonly<Record<string, readonly Json[]>> = {
  text: ['a', 'x'.repeat(CLAIM_VALUE_MAX_LENGTH), 'é', '{{x}}'],
  flag: [true, false],
  integer: [0, 1, Number.MAX_SAFE_INTEGER],
  texts: [[], ['a'], Array.from({ length: CLAIM_VALUES_MAX }, () => 'a')],
  'text or texts': ['a', ['a', 'b']],
  object: [{}, { a: 1 }],
}
const BAD: Readonly<Record<string, readonly Json[]>> = {
  text: ['', 'x'.repeat(CLAIM_VALUE_MAX_LENGTH + 1), 'a\nb', '\u0085', 1, true, null, [], ['a'], {}],
  flag: ['true', 'false', 1, 0, null, [true]],
  integer: ['1', 1.5, -1, Number.MAX_SAFE_INTEGER + 1, true, null],
  texts: ['a', [1], ['a', ''], [['a']], Array.from({ length: CLAIM_VALUES_MAX + 1 }, () => 'a'), null],
  'text or texts': ['', 1, ['a', 1], null, {}],
  object: [[], 'a', null, 1],
}
type Type = Parameters<typeof readTypedClaims>[1][string]
const cases = (table: typeof GOOD): readonly [Type, Json][] =>
  Object.entries(table).flatMap(([type, values]) => values.map((value) => [type as Type, value] as [Type, Json]))

describe('readTypedClaims()', () => {
  it.each(cases(GOOD))('as %s takes %j', (type, value) => {
    for (const declared of [type, `?${type}` as Type]) {
      const read = readTypedClaims({ a: value, other: 1 }, { a: declared })
      const expected = type === 'text or texts' && typeof value === 'string' ? [value] : value
      expect(read).toEqual({ ok: true, value: { a: expected } })
    }
  })

  it.each(cases(BAD))('as %s refuses %j, whether it must be there or not', (type, value) => {
    for (const declared of [type, `?${type}` as Type]) {
      const read = readTypedClaims({ a: value }, { a: declared }, 'in.')
      expect(read).toMatchObject({ ok: false, refusal: { code: 'claim_malformed', where: 'in.a' } })
    }
  })

  it('tells what is missing, and leaves out what may be', () => {
    expect(readTypedClaims({}, { a: '?text' })).toEqual({ ok: true, value: {} })
    expect(readTypedClaims({}, { a: 'text' }, 'in.')).toMatchObject({
      refusal: { code: 'claim_missing', where: 'in.a' },
    })
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('finds no claim %s that is not there', (name) => {
    expect(readTypedClaims({}, { [name]: '?text' })).toEqual({ ok: true, value: {} })
    const claims = JSON.parse(`{"${name}":"a"}`) as JsonObject
    expect(readTypedClaims(claims, { [name]: 'text' })).toMatchObject({ ok: true })
  })

  it('never throws, and gives what it takes as it is', () => {
    const shape = { a: '?text', b: '?flag', c: '?integer', d: '?texts', e: '?object' } as const
    const claims = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.jsonValue())
    fc.assert(
      fc.property(claims, (given) => {
        const read = readTypedClaims(given as JsonObject, shape)
        if (read.ok) expect({ ...read.value }).toEqual({ ...given })
        else expect(read.refusal.code).toBe('claim_malformed')
      }),
      { numRuns: 1000 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countJsonBytes } from '../../../src/policy/mapping/json-length.ts'

const written = (text: string): number => new TextEncoder().encode(JSON.stringify(text)).length

describe('countJsonBytes()', () => {
  it.each([
    '',
    'web',
    '"\\',
    '\b\t\n\f\r',
    '\u0000\u001f\u007f',
    'é',
    '€',
    '😀',
    '\ud800',
    '\udc00',
    '\ud800x',
    '\u2028',
  ])('counts the bytes that JSON.stringify writes: %j', (text) => expect(countJsonBytes(text)).toBe(written(text)))

  it('counts them for any string', () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit }))
    fc.assert(fc.property(anything, (text) => countJsonBytes(text) === written(text)))
  })
})

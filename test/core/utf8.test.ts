import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeUtf8, exceedsUtf8, utf8Length } from '../../src/core/utf8.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('a', 'é', '€', '🚪', '\ud800', '\udc00', '\u007f', '\u0080', '\u07ff', '\u0800', '\uffff'),
  }),
)

describe('utf8Length()', () => {
  it('counts what the encoder makes', () => {
    fc.assert(
      fc.property(text, (sample) => {
        expect(utf8Length(sample)).toBe(encodeUtf8(sample).length)
      }),
    )
  })
})

describe('exceedsUtf8()', () => {
  it('is true over the bound and at no byte less', () => {
    fc.assert(
      fc.property(text, (sample) => {
        const bytes = utf8Length(sample)
        expect(exceedsUtf8(sample, bytes)).toBe(false)
        if (bytes > 0) expect(exceedsUtf8(sample, bytes - 1)).toBe(true)
      }),
    )
  })
})

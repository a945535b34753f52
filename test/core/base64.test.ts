import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, decodeBase64url, encodeBase64url } from '../../src/core/base64.ts'

describe('base64url', () => {
  it('encodes as the platform does, and decodes what it encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encodeBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(decodeBase64url(text)).toEqual(new Uint8Array(bytes))
      }),
    )
  })

  it('has one spelling for each value: whatever decodes encodes back to itself', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_=+/ -]{0,12}$/), (text) => {
        const bytes = decodeBase64url(text)
        if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it.each(['A', 'AB', 'AAB', 'AA==', 'AAA=', 'A A', 'AA\n', 'AA+A', 'AA/A', 'AAÄA', 'AAAAA'])('refuses %j', (text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })

  it.each([
    ['', 0],
    ['AA', 1],
    ['AAA', 2],
    ['AAAA', 3],
  ])('decodes %j to %i bytes', (text, length) => {
    expect(decodeBase64url(text)).toHaveLength(length)
  })
})

describe('base64 with padding', () => {
  it('decodes what the platform encodes, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(new Uint8Array(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_=+/ -]{0,12}$/), (text) => {
        const bytes = decodeBase64(text)
        if (bytes !== undefined) expect(Buffer.from(bytes).toString('base64')).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it.each(['AA', 'AB==', 'A===', '====', 'AA=A', 'AA==AAAA', 'AA-_', 'AA==\n'])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countUtf8Bytes,
  decodeUtf8,
  decodeUtf8Exactly,
  encodeUtf8,
  exceedsUtf8,
  findByteOrderMark,
  findInvalidUtf8,
} from '../../src/core/utf8.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('a', 'é', '€', '🚪', '\ud800', '\udc00', '\u007f', '\u0080', '\u07ff', '\u0800', '\uffff'),
  }),
)

describe('countUtf8Bytes()', () => {
  it('counts what the encoder makes', () => {
    fc.assert(
      fc.property(text, (sample) => {
        expect(countUtf8Bytes(sample)).toBe(encodeUtf8(sample).length)
      }),
    )
  })
})

describe('decodeUtf8()', () => {
  it.each([
    [[0x61, 0xc3, 0xa4], 'aä', 'aä'],
    [[], '', ''],
    [[0xef, 0xbb, 0xbf, 0x61], undefined, '\ufeffa'],
    [[0x61, 0xff], undefined, undefined],
    [[0xed, 0xa0, 0x80], undefined, undefined],
  ])('of %j is %j, and exactly %j', (bytes, text, exactly) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text)
    expect(decodeUtf8Exactly(Uint8Array.from(bytes))).toBe(exactly)
  })
})

describe('decodeUtf8Exactly()', () => {
  it.each([[[0xc3]], [[0xe2, 0x82]], [[0x61, 0xf0, 0x9f, 0x9a]], [[0xff]]])(
    'keeps nothing of %j, which it refuses',
    (bytes) => {
      expect(decodeUtf8Exactly(Uint8Array.from(bytes))).toBeUndefined()
      expect(decodeUtf8Exactly(Uint8Array.from([0x82, 0xac]))).toBeUndefined()
      expect(decodeUtf8Exactly(Uint8Array.from([0x61, 0x62]))).toBe('ab')
    },
  )
})

describe('findByteOrderMark()', () => {
  it.each([
    [[0xef, 0xbb, 0xbf, 0x7b], 'UTF-8'],
    [[0xff, 0xfe, 0x7b, 0], 'UTF-16'],
    [[0xfe, 0xff, 0, 0x7b], 'UTF-16'],
    [[0xff, 0xfe, 0, 0], 'UTF-32'],
    [[0, 0, 0xfe, 0xff], 'UTF-32'],
    [[0x7b], undefined],
    [[0xff], undefined],
    [[], undefined],
  ])('of %j is that of %s', (bytes, encoding) => {
    expect(findByteOrderMark(Uint8Array.from(bytes))).toBe(encoding)
  })
})

describe('findInvalidUtf8()', () => {
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x61, 0xc2, 0xa9, 0xe0, 0xa0, 0x80, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f),
  )

  it('finds where the decoder of the host stops, or nothing', () => {
    const decode = (bytes: Uint8Array): void => {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    }
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (list) => {
        const bytes = Uint8Array.from(list)
        const at = findInvalidUtf8(bytes)
        if (at === undefined) {
          expect(() => decode(bytes)).not.toThrow()
          return
        }
        expect(() => decode(bytes.subarray(0, at))).not.toThrow()
        for (let end = at + 1; end <= Math.min(at + 4, bytes.length); end++) {
          expect(() => decode(bytes.subarray(at, end))).toThrow()
        }
      }),
    )
  })
})

describe('exceedsUtf8()', () => {
  it('is true over the bound and at no byte less', () => {
    fc.assert(
      fc.property(text, (sample) => {
        const bytes = countUtf8Bytes(sample)
        expect(exceedsUtf8(sample, bytes)).toBe(false)
        if (bytes > 0) expect(exceedsUtf8(sample, bytes - 1)).toBe(true)
      }),
    )
  })
})

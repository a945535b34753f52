import { describe, expect, it } from 'vitest'
import { concatBytes, encodeHex } from '../../src/core/bytes.ts'

describe('bytes', () => {
  it.each([
    [[], []],
    [[[]], []],
    [
      [[1], [], [2, 3]],
      [1, 2, 3],
    ],
  ])('are joined: %j', (parts, whole) => {
    expect(concatBytes(parts.map((part) => Uint8Array.from(part)))).toEqual(Uint8Array.from(whole))
  })

  it('are written as hexadecimal digits', () => {
    expect(encodeHex(Uint8Array.of(0, 10, 255))).toBe('000aff')
  })
})

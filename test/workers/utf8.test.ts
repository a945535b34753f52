// One decoder serves all requests of an isolate: bytes of one must never reach the text of another.
import { expect, it } from 'vitest'
import { decodeUtf8Exactly } from '../../src/core/utf8.ts'

it.each([[[0xc3]], [[0xe2, 0x82]], [[0x61, 0xf0, 0x9f, 0x9a]], [[0xff]]])(
  'keeps nothing of %j, which it refuses',
  (bytes) => {
    expect(decodeUtf8Exactly(Uint8Array.from(bytes))).toBeUndefined()
    expect(decodeUtf8Exactly(Uint8Array.from([0x82, 0xac]))).toBeUndefined()
    expect(decodeUtf8Exactly(Uint8Array.from([0x61, 0x62]))).toBe('ab')
  },
)

import { describe, expect, it } from 'vitest'
import {
  computeDigest,
  isDigest,
  parseDigestStart,
  SHORT_DIGEST_LENGTH,
  sha256Base64url,
  shortenDigest,
} from '../../src/core/digest.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'

const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

describe('digests', () => {
  it('are those of FIPS 180-4', async () => {
    expect(await computeDigest(encodeUtf8('abc'))).toBe(ABC)
    expect(await sha256Base64url('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  })

  it('are told from other values', () => {
    expect(isDigest(ABC)).toBe(true)
    const others = ['', ABC.slice(0, -1), `${ABC}0`, ABC.toUpperCase(), ABC.replace('sha256', 'sha512'), `${ABC}\n`, 1]
    expect(others.filter(isDigest)).toEqual([])
  })

  it('are shown by their first twelve digits', () => {
    expect(shortenDigest(ABC)).toBe('sha256:ba7816bf8f01')
    expect(shortenDigest(ABC)).toHaveLength(SHORT_DIGEST_LENGTH)
  })

  it.each([
    ['ba78', 'sha256:ba78'],
    ['sha256:ba7816', 'sha256:ba7816'],
    [ABC, ABC],
    ['ba7', undefined],
    ['BA78', undefined],
    [`${ABC}0`, undefined],
    ['', undefined],
  ])('are found by their start %s', (text, start) => {
    expect(parseDigestStart(text)).toBe(start)
  })
})

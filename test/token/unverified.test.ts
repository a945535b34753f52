// What is read of a token that was refused: as strictly as when it is accepted, and part by part.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readClaimedBinding } from '../../src/attest/k8s-token/claimed.ts'
import { readClaimedOfToken } from '../../src/attest/oidc/token-claimed.ts'
import { LOGIN_BODY_MAX_BYTES } from '../../src/core/limits.ts'
import { readUnverified } from '../../src/token/unverified.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const HEADER = encode('{"kid":"k"}')
const CLAIMS = encode('{"sub":"s"}')

describe('what can be read of a refused token', () => {
  it.each<[string, string, object, object]>([
    ['all of a well-formed one', `${HEADER}.${CLAIMS}.AAAA`, { kid: 'k' }, { sub: 's' }],
    ['its parts without a signature', `${HEADER}.${CLAIMS}`, { kid: 'k' }, { sub: 's' }],
    ['its payload behind a broken header', `x${HEADER}.${CLAIMS}.AAAA`, {}, { sub: 's' }],
    ['its header before a broken payload', `${HEADER}.${CLAIMS}=.AAAA`, { kid: 'k' }, {}],
    ['no payload with two members of one name', `${HEADER}.${encode('{"sub":"a","sub":"b"}')}.AAAA`, { kid: 'k' }, {}],
    ['no payload that is a list', `${HEADER}.${encode('["sub"]')}.AAAA`, { kid: 'k' }, {}],
    ['no payload of an encrypted one', `${HEADER}.${CLAIMS}.AAAA.AAAA.AAAA`, { kid: 'k' }, {}],
    ['nothing of the empty text', '', {}, {}],
  ])('is %s', (_what, text, header, claims) => {
    expect(readUnverified(text)).toEqual({ header, claims })
  })

  it.each([
    ['at the limit of a body', LOGIN_BODY_MAX_BYTES, { kid: 'k' }],
    ['over it', LOGIN_BODY_MAX_BYTES + 1, {}],
  ])('is something %s', (_what, length, header) => {
    const text = `${HEADER}.${CLAIMS}.`
    expect(readUnverified(text + 'A'.repeat(length - text.length)).header).toEqual(header)
  })

  it('is strings and times alone, whatever the claims are', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (header, claims) => {
        const claimed = readClaimedOfToken(`${encode(header)}.${encode(claims)}.AAAA`, readClaimedBinding)
        for (const value of Object.values(claimed).flat()) expect(typeof value).toBe('string')
      }),
    )
  })

  it.each<[string, object, object]>([
    ['a time that is none', { exp: 1e300 }, {}],
    ['a name that is none', { sub: 1, 'kubernetes.io': { pod: 'x', node: { name: '' } } }, {}],
    ['one audience', { aud: 'a' }, { audiences: ['a'] }],
    ['times', { iat: 0, exp: 1, nbf: 2 }, { issuedAt: '1970-01-01T00:00:00.000Z' }],
  ])('takes %s for what it is', (_what, claims, expected) => {
    const claimed = readClaimedOfToken(`${HEADER}.${encode(JSON.stringify(claims))}.AAAA`, readClaimedBinding)
    expect(claimed).toMatchObject({ keyId: 'k', ...expected })
    if (Object.keys(expected).length === 0) expect(claimed).toEqual({ keyId: 'k' })
  })
})

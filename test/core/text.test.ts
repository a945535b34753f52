import { describe, expect, it } from 'vitest'
import { digestOf, sha256Base64url } from '../../src/core/digest.ts'
import { describeSeconds, parseDurationSeconds } from '../../src/core/duration.ts'
import { didYouMean, nearest } from '../../src/core/nearest.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { uuidv7 } from '../../src/core/uuid.ts'

describe('parseDurationSeconds()', () => {
  it.each([
    ['24h', 86_400],
    ['30m', 1800],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['90s', 90],
    ['1000ms', 1],
    ['0s', 0],
  ])('%s is %i', (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds)
  })

  it.each(['', '24', 'h', '-1h', '1 h', '1d', '1ms', '1.5s', '1H', '١h', '1h '.repeat(50)])('%j is none', (text) => {
    expect(parseDurationSeconds(text)).toBeUndefined()
  })
})

describe('describeSeconds()', () => {
  it.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7200, '2 h'],
    [7260, '2 h 1 min'],
    [172_800, '2 d'],
    [176_400, '2 d 1 h'],
  ])('%i is %s', (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text)
  })
})

describe('nearest()', () => {
  const names = ['issuerURL', 'jwksURI', 'jwks', 'audiences', 'k8s_token', 'ttl', 'kubernetes.pod.namespace']

  it.each([
    ['isuerURL', 'issuerURL'],
    ['issuerUrl', 'issuerURL'],
    // Letters that changed places are two edits.
    ['jkws', 'jwks'],
    ['jwskURI', 'jwksURI'],
    ['kuberentes.pod.nmaespace', 'kubernetes.pod.namespace'],
    ['k8s_tokn', 'k8s_token'],
    ['gcp_token', undefined],
    ['tll', 'ttl'],
    ['url', undefined],
    ['audience', 'audiences'],
    ['zzz', undefined],
    // A third of it differs: another name, and not a typo.
    ['gcpences', undefined],
    ['auddiencee', 'audiences'],
    ['x'.repeat(1000), undefined],
  ])('of %s is %s', (name, expected) => {
    expect(nearest(name, names)).toBe(expected)
  })

  it('is a question or nothing', () => {
    expect(didYouMean('isuerURL', names)).toBe('; did you mean "issuerURL"?')
    expect(didYouMean('zzz', names)).toBe('')
  })
})

describe('uuidv7()', () => {
  it('is a version 7 of the RFC 9562 variant, and begins with its time', () => {
    const now = 1_795_516_426_000
    const id = uuidv7(now)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now)
    expect(uuidv7(now)).not.toBe(id)
    expect(uuidv7(now + 1) > id).toBe(true)
  })
})

describe('digests', () => {
  it('are those of FIPS 180-4', async () => {
    expect(await digestOf(encodeUtf8('abc'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(await sha256Base64url('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  })
})

import { describe, expect, it } from 'vitest'
import { findNearest, suggestNearest } from '../../src/core/nearest.ts'
import { makeUuidV7 } from '../../src/core/uuid.ts'

describe('findNearest()', () => {
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
    expect(findNearest(name, names)).toBe(expected)
  })

  it('is a question or nothing', () => {
    expect(suggestNearest('isuerURL', names)).toBe('; did you mean "issuerURL"?')
    expect(suggestNearest('zzz', names)).toBe('')
  })
})

describe('makeUuidV7()', () => {
  it('is a version 7 of the RFC 9562 variant, and begins with its time', () => {
    const now = 1_795_516_426_000
    const id = makeUuidV7(now)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now)
    expect(makeUuidV7(now)).not.toBe(id)
    expect(makeUuidV7(now + 1) > id).toBe(true)
  })
})
